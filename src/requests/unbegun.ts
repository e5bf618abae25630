import { isWaitReason, type WaitReason } from '../lib/wait-reasons.ts'

/** Of an image that failed because nobody could begin it: why, and where. */
export interface Unbegun {
  reason: WaitReason
  /** The ids of the providers that were held back for that reason; none where whoever asked is to hear of none. */
  machines: readonly string[]
}

/** The same as tasks and requests have it. */
export interface UnbegunColumns {
  error_reason: string | null
  /** JSON. */
  error_machines: string | null
}

/** Whose they are is told by name, and nobody reads more names than a few. */
const MOST_MACHINES = 20

/** As it is kept with a failure; the same machines are the same text, in whatever order they come. */
export const unbegunColumns = (unbegun: Unbegun | undefined): UnbegunColumns => ({
  error_reason: unbegun?.reason ?? null,
  error_machines: unbegun ? JSON.stringify([...new Set(unbegun.machines)].toSorted().slice(0, MOST_MACHINES)) : null
})

/** Undefined of a failure for another cause, of one from before this was kept, and for a reason of a newer version. */
export const readUnbegun = ({ error_reason, error_machines }: UnbegunColumns): Unbegun | undefined =>
  isWaitReason(error_reason)
    ? { reason: error_reason, machines: JSON.parse(error_machines ?? '[]') as string[] }
    : undefined
