import { MINUTE_MS } from '../lib/durations.ts'
import type { SystemState } from '../http/dashboard/contract/admin.ts'

const LITTLE_SPACE_BYTES = 1e9
/** How long images wait before it is a problem that nobody online could make them. */
export const LONG_WAIT_MS = 15 * MINUTE_MS
const SLOW_LOOP_MS = 500

export interface SystemFacts {
  state: Omit<SystemState, 'problems'>
  /** Why requests cannot be served now. */
  notReady: string | undefined
  /** No new work is taken, for want of free space. */
  isDiskShort: boolean
  /** Storage keys of images that could not be read, the first of them, and how many there are. */
  unreadable: { first: readonly string[]; all: number }
  /** Models for which images have waited for `LONG_WAIT_MS`, and nobody online has them. */
  strandedModels: readonly string[]
  /** Webhooks given up within a day. */
  webhooksGivenUp: number
  /** Images that went on without a mark which the operator chose, since the start. */
  unmarked: number
  /** Images whose signature has no time, since the start. */
  unstamped: number
  /** For how long nothing is deleted by the clock, which went ahead. */
  clockHoldMs: number
}

/** What an operator has to know, the worst first, in sentences. */
export function findProblems(facts: SystemFacts): string[] {
  const {
    state,
    notReady,
    isDiskShort,
    unreadable,
    strandedModels,
    webhooksGivenUp,
    unmarked,
    unstamped,
    clockHoldMs
  } = facts
  const { freeBytes, quarantine } = state.storage
  const problems: string[] = []
  if (notReady !== undefined) problems.push(`Requests cannot be served: ${notReady}.`)
  if (isDiskShort) {
    problems.push(
      'New images are refused, and those that wait are not begun, until there is more free space than INFERENCE_CLUB_DISK_RESERVE.'
    )
  }
  if (freeBytes === 0) problems.push('The image store takes nothing: it is full, or cannot be written.')
  else if (freeBytes !== null && freeBytes < LITTLE_SPACE_BYTES) {
    problems.push(`The disk of the image store has only ${Math.floor(freeBytes / 1e6)} MB left.`)
  }
  if (unreadable.all > 0) {
    const ids = unreadable.first.map((key) => key.replace(/^.*\//, '')).join(', ')
    const more = unreadable.all > unreadable.first.length ? ' and others' : ''
    problems.push(
      `${unreadable.all} stored image${unreadable.all === 1 ? ' is' : 's are'} missing, damaged or cannot be read: ${ids}${more}. Restore them from a backup, or delete what they belong to.`
    )
  }
  if (quarantine.images > 0) {
    const are = quarantine.images === 1 ? '1 stored image is' : `${quarantine.images} stored images are`
    problems.push(
      `${are} of no request that the database knows, as after restoring an older one: set aside, and erased after INFERENCE_CLUB_QUARANTINE. The command 'storage check' lists them and gives them to somebody.`
    )
  }
  if (clockHoldMs > 0) {
    const minutes = Math.ceil(clockHoldMs / MINUTE_MS)
    problems.push(
      `The clock is far ahead of when it was last looked at: it was set, or the server was off. What is due by it is deleted only after the server has run for ${minutes} more minute${minutes === 1 ? '' : 's'}; set the clock right before then if it is wrong.`
    )
  }
  if (strandedModels.length > 0) {
    const models = strandedModels.map((model) => `'${model}'`).join(', ')
    const minutes = LONG_WAIT_MS / MINUTE_MS
    problems.push(`Images have waited for more than ${minutes} minutes, and nobody online serves ${models}.`)
  }
  if (webhooksGivenUp > 0) {
    problems.push(
      `${webhooksGivenUp} webhook deliver${webhooksGivenUp === 1 ? 'y was' : 'ies were'} given up within a day.`
    )
  }
  if (unmarked > 0) {
    problems.push(
      `${unmarked} image${unmarked === 1 ? ' was' : 's were'} not marked as INFERENCE_CLUB_MARK_IMAGES says, since the start: the log tells why.`
    )
  }
  if (unstamped > 0) {
    problems.push(
      `${unstamped} image${unstamped === 1 ? ' was' : 's were'} signed without a time stamp, since the start: INFERENCE_CLUB_C2PA_TIME_STAMP_URL gave none.`
    )
  }
  if (state.eventLoop.p99Ms >= SLOW_LOOP_MS) {
    problems.push(`The server is overloaded: events are up to ${Math.round(state.eventLoop.p99Ms)} ms late.`)
  }
  return problems
}
