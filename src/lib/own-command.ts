import { isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../bin/inference-club', import.meta.url))

/**
 * How to call this program from a folder, as a word of any shell of Unix: `bin/inference-club` within its own, else its path from
 * there, or the whole one where that is shorter.
 */
export function commandFrom(folder: string, program: string): string {
  const path = relative(folder, program)
  const near = isAbsolute(path) || path.includes('/') ? path : `./${path}`
  const word = near.length < program.length ? near : program
  return /^[\w./@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The same from where it was started. */
export const ownCommand = commandFrom(process.cwd(), PROGRAM)
