import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { checkApiKey } from './agent-config-checks.ts'

const MAX_BYTES = 4096

export interface KeyFile {
  key: string
  /** Others on this machine can read it. */
  isOpen: boolean
}

/** Relative paths begin in `folder`; `~/` is the home of whoever runs the agent. */
export const keyFilePath = (path: string, folder: string): string =>
  /^~[/\\]/.test(path) ? join(homedir(), path.slice(2)) : resolve(folder, path)

/** The key in a file that holds nothing else, or what is wrong with it, in words without a value of the file. */
export function readKeyFile(path: string): KeyFile | { problem: string } {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const stat = fstatSync(file)
    if (stat.isDirectory()) return { problem: 'names a folder, not a file' }
    const bytes = readBeginning(file)
    const key = bytes
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .trim()
    if (bytes.length > MAX_BYTES || /\s/.test(key)) return { problem: 'names a file that holds more than a key' }
    if (checkApiKey(key) !== undefined) {
      return { problem: 'names a file that holds no API key of the gateway, which begins with ic_' }
    }
    return { key, isOpen: isOpenToOthers(stat.mode) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return {
      problem: code === 'ENOENT' ? 'names a file that is not there' : `names a file that cannot be read (${code})`
    }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Windows has other means, which a mode does not tell. */
export const isOpenToOthers = (mode: number): boolean => process.platform !== 'win32' && (mode & 0o044) !== 0

/** Up to one byte more than a key may have: from a pipe they may come in parts. */
function readBeginning(file: number): Buffer {
  const buffer = Buffer.alloc(MAX_BYTES + 1)
  let length = 0
  for (;;) {
    const read = readSync(file, buffer, length, buffer.length - length, null)
    length += read
    if (read === 0 || length === buffer.length) return buffer.subarray(0, length)
  }
}
