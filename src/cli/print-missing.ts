import type { MissingImage } from '../app/storage-check.ts'
import { formatTime, printTable } from './print-table.ts'
import type { Accounts } from './with-accounts.ts'

export const countOf = (images: number, many = '', one = ''): string =>
  `${images === 1 ? '1 image' : `${images} images`} ${images === 1 ? one : many}`.trim()

export async function printMissing(
  missing: readonly MissingImage[],
  { users }: Pick<Accounts, 'users'>
): Promise<void> {
  if (missing.length === 0) return
  const emails = new Map((await users.listUsers()).map(({ id, email }) => [id, email]))
  process.stdout.write('Images without bytes:\n')
  printTable([
    ['IMAGE', 'REQUEST', 'OWNER', 'MADE', 'FOUND'],
    ...missing.map(({ asset, foundBytes }) => [
      asset.id,
      asset.request_id,
      emails.get(asset.owner_id) ?? asset.owner_id,
      formatTime(asset.created_at),
      describeFound(foundBytes, asset.bytes)
    ])
  ])
}

function describeFound(found: number | null, bytes: number): string {
  if (found === null) return 'missing'
  return found === bytes ? 'other bytes than were stored' : `${found} bytes instead of ${bytes}`
}
