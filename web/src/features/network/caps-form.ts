import type { ServiceTermsChange } from '../../../../src/http/dashboard/contract/network.ts'
import { readCount } from '../../components/limits/limits-form.ts'
import { formatNumber } from '../../lib/format.ts'

/** As in the agent's file. */
const MOST_IMAGES = 1_000_000

/** Images that others may have within an hour, as typed; empty is null. 0 is no way to say that they may have none, nor all. */
export function readCap(text: string): { count: number | null } | { error: string } {
  if (/^0+$/.test(text.trim())) return { error: 'At least 1: “Only me” lets others have nothing.' }
  const read = readCount(text, 1)
  return 'count' in read && (read.count ?? 0) > MOST_IMAGES ? { error: `At most ${formatNumber(MOST_IMAGES)}.` } : read
}

type Cap = ServiceTermsChange['imagesPerHour']

/** A cap in place of that in the agent's file, as it is filled in. */
export interface CapEntry {
  /** Empty: as in the file. */
  typed: string
  /** As many as they like, whatever the file says. */
  isLifted: boolean
}

export const capEntryOf = (cap: Cap): CapEntry => ({
  typed: typeof cap === 'number' ? String(cap) : '',
  isLifted: cap === 'none'
})

export function readCapEntry({ typed, isLifted }: CapEntry): { cap: Cap } | { error: string } {
  if (isLifted) return { cap: 'none' }
  const read = readCap(typed)
  return 'error' in read ? read : { cap: read.count }
}
