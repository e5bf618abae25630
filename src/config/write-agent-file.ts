import { randomUUID } from 'node:crypto'
import { link, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ConfigError } from './config.ts'

/** The text of the file; undefined when there is none. Throws `ConfigError` when it cannot be read. */
export async function readAgentFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new ConfigError([`${path}: it cannot be read (${code})`])
  }
}

/**
 * Writes the whole file or nothing, in place of `before`, which is what it held when it was read (undefined: nothing).
 * A new one is its owner's alone; one that holds a secret becomes so. Throws `ConfigError`, also when somebody else has
 * changed it meanwhile.
 */
export async function writeAgentFile(file: {
  path: string
  text: string
  before: string | undefined
  holdsSecrets: boolean
}): Promise<void> {
  const { path, text, before, holdsSecrets } = file
  // A link stays one.
  const target = before === undefined ? path : await realpath(path)
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}`)
  try {
    const mode = before === undefined ? 0o600 : (await stat(target)).mode & (holdsSecrets ? 0o700 : 0o777)
    await writeWhole(temporary, text, mode)
    if ((await readAgentFile(target)) !== before) {
      throw new ConfigError([`${path}: somebody else has changed it meanwhile; nothing was written`])
    }
    // A file that has come into being meanwhile must not be replaced.
    if (before === undefined) await link(temporary, target)
    else await rename(temporary, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === undefined ? error : new ConfigError([`${path}: it cannot be written (${code})`])
  } finally {
    await unlink(temporary).catch(() => undefined) // Renamed, or never made.
  }
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}
