/**
 * Loaded into a gateway before all else (`--import`, with `TORTURE_FAILING_FILES` naming a file), it has the disk of the images
 * fail with EIO at the step that the file names: `write`, `sync` or `rename`. Each time a byte is added to `<file>.times`.
 */
import { appendFileSync, promises, readFileSync, readlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const FILE = process.env.TORTURE_FAILING_FILES

function failIfDue(file: string, step: 'write' | 'sync' | 'rename', path: string): void {
  if (!/\/(unfinished|objects)\//.test(path)) return
  try {
    if (readFileSync(file, 'utf8') !== step) return
  } catch {
    return // Nothing is to fail now.
  }
  appendFileSync(`${file}.times`, '.')
  throw Object.assign(new Error(`EIO: i/o error, ${step}`), { code: 'EIO', errno: -5, syscall: step })
}

if (FILE !== undefined && isMainThread) {
  const any = await open(fileURLToPath(import.meta.url))
  const handles = Object.getPrototypeOf(any) as Pick<FileHandle, 'writeFile' | 'writev' | 'sync'>
  await any.close()
  const pathOf = ({ fd }: FileHandle) => readlinkSync(`/proc/self/fd/${fd}`)
  const { writeFile, writev, sync } = handles
  handles.writeFile = async function (this: FileHandle, ...args: Parameters<typeof writeFile>) {
    failIfDue(FILE, 'write', pathOf(this))
    return writeFile.apply(this, args)
  }
  handles.writev = async function (this: FileHandle, ...args: Parameters<typeof writev>) {
    failIfDue(FILE, 'write', pathOf(this))
    return writev.apply(this, args)
  } as typeof writev
  handles.sync = async function (this: FileHandle) {
    failIfDue(FILE, 'sync', pathOf(this))
    return sync.apply(this)
  }
  const { rename } = promises
  promises.rename = async (from, to) => {
    failIfDue(FILE, 'rename', String(from))
    return rename(from, to)
  }
  syncBuiltinESMExports()
}

/** What a program's environment needs for it. */
export const failingFiles = (file: string) => ({
  TORTURE_FAILING_FILES: file,
  NODE_OPTIONS: `--import ${import.meta.url}`
})
