import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandFailed } from './command-failed.ts'

/** Written beside its place and renamed, so that what is interrupted leaves no half file. Throws `CommandFailed`. */
export async function saveStream(content: Readable, path: string, mode?: number): Promise<void> {
  const partial = `${path}.part`
  try {
    await pipeline(content, createWriteStream(partial, mode === undefined ? {} : { mode }))
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw new CommandFailed(`'${path}' could not be written: ${(error as Error).message}`)
  }
}
