import { stat } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import { SERVER, isSet } from '../config/config.ts'
import { DataDirUnusable } from '../db/data-dir-unusable.ts'
import { MarkingMisconfigured } from '../config/marking-settings.ts'
import { StorageMisconfigured } from '../config/storage-settings.ts'
import { CommandFailed } from './command-failed.ts'

/** Throws `CommandFailed` with where it looked when the folder holds no installation, and then `otherwise`: what else may help. */
export async function requireInstallation(
  { dataDir }: Pick<Config, 'dataDir'>,
  otherwise: string | undefined
): Promise<void> {
  const { databasePath } = await import('../app/open-database.ts')
  const code = await stat(databasePath({ dataDir })).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code
  )
  if (code === undefined) return
  if (code !== 'ENOENT' && code !== 'ENOTDIR')
    throw new CommandFailed(`The data folder ${dataDir} cannot be read (${code}).`)
  const { variable } = SERVER.dataDir
  throw new CommandFailed(
    isSet(SERVER.dataDir)
      ? `There is no inference.club in ${dataDir}, which ${variable} names. Give the folder of the server's data.`
      : [
          `There is no inference.club in ${dataDir}: ${variable} is not set, so it was looked for below this folder. This command works on the machine of the server: there ${variable}=<folder> before it names the folder of its data.`,
          ...(otherwise === undefined ? [] : [otherwise])
        ].join(' ')
  )
}

/** `CommandFailed` in place of an error that the folder, or the database in it, is to blame for. */
export function explainDataDir(error: unknown, { dataDir }: Pick<Config, 'dataDir'>): unknown {
  const isTold = [DataDirUnusable, StorageMisconfigured, MarkingMisconfigured].some((kind) => error instanceof kind)
  if (isTold) return new CommandFailed((error as Error).message)
  const { code, syscall } = error as NodeJS.ErrnoException
  if (syscall === undefined && code !== 'ERR_SQLITE_ERROR') return error
  const reason = WHY_NOT[code ?? ''] ?? (error instanceof Error ? error.message : String(code))
  return new CommandFailed(`The data folder ${dataDir} cannot be used: ${reason}.`)
}

/** What the system says of a folder, in words for its operator. */
const WHY_NOT: Readonly<Record<string, string>> = {
  ENOENT: 'the system lets nobody make a folder there',
  ENOTDIR: 'a part of its path is a file, and no folder',
  EACCES: 'the user that runs this program may not write there',
  EPERM: 'the system allows no writing there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: "the disk's share of this user is used up",
  ENAMETOOLONG: 'a part of its path is too long',
  ELOOP: 'the links in its path lead in a circle',
  EIO: 'the disk answers with errors'
}
