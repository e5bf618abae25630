import { readSourceFiles } from './source-files.ts'

export interface SourceTransaction {
  path: string
  /** From 1. */
  line: number
  /** The file and the function or method it is in. */
  name: string
  /** Whether the first thing it does is to take a lock. */
  beginsWithLock: boolean
}

const NAMES = /^(?:export )?(?:async )?(?:function|const) (\w+)|^ {4}(\w+): (?:async )?\(/gm
const LOCK_FIRST = /^execute\(async \(\w+\) => \{\s*(\/\/[^\n]*\s*)*await lock[A-Z]\w+\(/

/** Every transaction that the sources begin, in the order of files and lines. */
export function findTransactions(): SourceTransaction[] {
  return readSourceFiles().flatMap(({ path, text }) =>
    [...text.matchAll(/\.transaction\(\)[\s.]*/g)].map((found) => {
      const before = text.slice(0, found.index)
      const [, outer, inner] = [...before.matchAll(NAMES)].at(-1) ?? []
      return {
        path,
        line: before.split('\n').length,
        name: `${path} ${inner ?? outer ?? ''}`,
        beginsWithLock: LOCK_FIRST.test(text.slice(found.index + found[0].length))
      }
    })
  )
}
