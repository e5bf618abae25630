import { resolve } from 'node:path'
import { Command } from 'commander'
import type { MoveReport, StorageMoved } from '../app/storage-move.ts'
import { SERVER } from '../config/config.ts'
import { ON_DISK, STORAGE } from '../config/storage-settings.ts'
import { formatBytes } from '../lib/quantities.ts'
import { CommandFailed } from './command-failed.ts'
import { countOf, printMissing } from './print-missing.ts'
import { printTable } from './print-table.ts'
import { type Accounts, withAccounts } from './with-accounts.ts'

interface MoveOptions {
  to?: string
  deleteSource?: true
}

export function moveCommand(): Command {
  return new Command('move')
    .description('Move all images to where INFERENCE_CLUB_STORAGE says, from where INFERENCE_CLUB_STORAGE_FROM does.')
    .option('--to <place>', 's3://bucket/prefix, or disk: only if that is where they go')
    .option('--delete-source', 'remove each where it was, once the other has been read back')
    .action(moveStorage)
}

async function moveStorage(options: MoveOptions): Promise<void> {
  const failed = await withAccounts(async (accounts) => {
    requireMoving(accounts, options.to)
    const { storage = ON_DISK, storageFrom } = accounts.config
    const deletesSource = options.deleteSource === true
    const moved = await accounts.moveStorage({ deletesSource, onProgress: printProgress })
    process.stdout.write(`${describe(moved)}\n`)
    await printMissing(moved.missing, accounts)
    printUnmoved(moved)
    if (moved.unmoved.length + moved.missing.length > 0) {
      return `${countOf(moved.unmoved.length)} not moved, ${moved.missing.length} without bytes: restore the bytes from a backup and run it again, or delete the requests.`
    }
    const rest = deletesSource
      ? `nothing is left in ${storageFrom}`
      : `--delete-source removes what is left in ${storageFrom}`
    process.stdout.write(
      `All images are in ${storage}, each read back and compared; ${rest}. Then start the server without ${STORAGE.storageFrom.variable}.\n`
    )
    return undefined
  })
  if (failed !== undefined) throw new CommandFailed(failed)
}

/**
 * Nothing is lost only if the server stores in the new place already, and reads from both. Throws `CommandFailed` with what to
 * set first.
 */
function requireMoving({ config, running, isInUse }: Accounts, wanted: string | undefined): void {
  const { storage = ON_DISK, storageFrom, dataDir } = config
  const to = wanted === undefined ? storage : placeOf(wanted, dataDir)
  const { variable } = STORAGE.storage
  const { variable: fromVariable } = STORAGE.storageFrom
  if (storageFrom === undefined || to !== storage) {
    const setTo = to === ON_DISK ? `unset ${variable}` : `set ${variable}=${to}`
    const from = to === storage ? '<where they are: disk or s3://…>' : storage
    throw new CommandFailed(
      `First ${setTo} and set ${fromVariable}=${from}, for the server and for this command, and restart the server: it stores in the new place then, and reads from both. Then run this again.`
    )
  }
  if (!isInUse || (running?.storage === storage && running.storageFrom === storageFrom)) return
  throw new CommandFailed(
    `The server that runs here stores images in ${running?.storage ?? 'another place'}: restart it with the ${variable} and ${fromVariable} of this command, else it would not find what is moved.`
  )
}

/** As the settings spell it. */
function placeOf(text: string, dataDir: string): string {
  if (text === ON_DISK || resolve(text) === dataDir) return ON_DISK
  const place = text.replace(/\/+$/, '')
  if (place.startsWith('s3://')) return place
  throw new CommandFailed(
    `Images on a disk lie in the data folder, ${dataDir}: say --to ${ON_DISK}, or move that folder and set ${SERVER.dataDir.variable}.`
  )
}

const describe = ({ moved, there, deleted }: MoveReport): string =>
  `Moved ${countOf(moved.images)} (${formatBytes(moved.bytes)}), ${there} had been moved before, ${deleted} were deleted meanwhile. Thumbnails are made again.`

/** Where somebody watches, and not in a file. */
function printProgress({ moved, there }: Readonly<MoveReport>): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${countOf(moved.images + there)}, ${formatBytes(moved.bytes)} `)
}

function printUnmoved({ unmoved }: StorageMoved): void {
  if (unmoved.length === 0) return
  process.stdout.write('Images that were not moved:\n')
  printTable([
    ['KEY', 'WHY'],
    ...unmoved.map(({ key, fault }) => [
      key,
      fault === 'source'
        ? 'its bytes cannot be read, or are not those that were stored'
        : 'what was read back is not what was written'
    ])
  ])
}
