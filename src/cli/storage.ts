import { Command, Option } from 'commander'
import type { MissingImage, UnnamedImage, YoungImages } from '../app/storage-check.ts'
import { CommandFailed } from './command-failed.ts'
import { countOf, printMissing } from './print-missing.ts'
import { formatTime, printTable } from './print-table.ts'
import { moveCommand } from './move-storage.ts'
import { withAccounts } from './with-accounts.ts'

export function storageCommand(): Command {
  const storage = new Command('storage').description('The stored images.')
  storage
    .command('check')
    .description(
      'List images whose bytes are missing or not those that were stored, and bytes of images that no request has, as after restoring a backup.'
    )
    .addOption(
      new Option('--adopt <email>', 'give images that no request has to somebody, each as a request').conflicts('erase')
    )
    .option('--erase', 'erase images that no request has now')
    .option('--no-hashes', 'compare sizes alone, and read no image')
    .action(checkStorage)
  storage.addCommand(moveCommand())
  return storage
}

async function checkStorage(options: { adopt?: string; erase?: true; hashes: boolean }): Promise<void> {
  const { missing, left, isWell } = await withAccounts(async (accounts) => {
    const owner = options.adopt === undefined ? undefined : await accounts.users.findUserByEmail(options.adopt)
    if (options.adopt !== undefined && !owner) {
      throw new CommandFailed(`There is nobody with the address ${options.adopt}.`)
    }
    const storage = await accounts.openStorageCheck()
    const { missing, unnamed, returning, young } = await storage.find({ readsAll: options.hashes })
    await printMissing(missing, accounts)
    printUnnamed(unnamed)
    printYoung(young)
    if (returning > 0) {
      process.stdout.write(
        `${countOf(returning, 'are', 'is')} set aside and put back within the hour by a running server.\n`
      )
    }
    if (unnamed.length === 0) return { missing, left: [], isWell: missing.length + returning + young.count === 0 }
    if (owner) {
      const left = await storage.adopt(unnamed, owner.id)
      process.stdout.write(`${countOf(unnamed.length - left.length, 'belong', 'belongs')} to ${owner.email} now.\n`)
      return { missing, left, isWell: false }
    }
    if (options.erase) {
      await storage.erase(unnamed)
      process.stdout.write(`Erased ${countOf(unnamed.length)}.\n`)
      return { missing, left: [], isWell: false }
    }
    return { missing, left: unnamed, isWell: false }
  })
  if (missing.length + left.length > 0) throw new CommandFailed(summarize(missing, left, options.adopt !== undefined))
  if (isWell) process.stdout.write('Every image has its row and its bytes.\n')
}

function summarize(missing: readonly MissingImage[], left: readonly UnnamedImage[], wasAdopting: boolean): string {
  const parts = [
    ...(missing.length === 0 ? [] : [`${countOf(missing.length)} without bytes`]),
    ...(left.length === 0 ? [] : [`${left.length} without a row`])
  ]
  const advice = [
    ...(missing.length === 0 ? [] : ['restore the bytes from a backup or delete the requests']),
    ...(left.length === 0
      ? []
      : [
          wasAdopting
            ? 'they are no whole images, and --erase erases them'
            : 'they come back with a newer database, --adopt <email> gives them to somebody, --erase erases them'
        ])
  ]
  return `${parts.join(', ')}: ${advice.join('; ')}.`
}

function printYoung({ count, judgedAt }: YoungImages): void {
  if (count === 0) return
  process.stdout.write(
    `${countOf(count, 'have', 'has')} no row yet, which may be about to be written: look again after ${formatTime(judgedAt)}.\n`
  )
}

function printUnnamed(unnamed: readonly UnnamedImage[]): void {
  if (unnamed.length === 0) return
  process.stdout.write('Images that no request has:\n')
  printTable([
    ['KEY', 'BYTES', 'STORED', 'STATE'],
    ...unnamed.map(({ key, bytes, storedAt, erasedAt }) => [
      key,
      String(bytes),
      formatTime(storedAt),
      erasedAt === null ? 'within the hour set aside' : `set aside, erased after ${formatTime(erasedAt)}`
    ])
  ])
}
