import { NODE_FAULTS, REQUEST_FAULTS } from '../protocol/messages.ts'

export type { RequestState } from '../db/tables.ts'

/**
 * The life of a request and of each of its tasks:
 *
 *   queued ──claim──► running ──finish──► succeeded
 *     ▲                 │ ├──────fail───► failed
 *     └─────retry───────┘ └──cancel─────► canceled      (cancel also from queued)
 *
 * A queued task may be held ready by a busy service (`tasks.held`): it waits as before, and whoever claims it takes it. For a moment
 * before it begins it lies in the queue of an image server, behind what is nearly made there: it waits still, and nobody takes it.
 *
 * A request runs as soon as one of its attempts does (a trigger sees to that) and ends when all of them have: succeeded with at least one image,
 * otherwise failed (or canceled when that is why). Its finished images stay in every case.
 *
 * An attempt: (standby ─►) running ─► succeeded | failed | canceled, or ─► lapsed when its lease runs out. A lapsed attempt still
 * succeeds if its result arrives before another attempt has taken the task (the fence is `tasks.current_attempt_id`),
 * runs again when its agent comes back before that, and has failed afterwards. A standby, which holds a task ready, is a row only as
 * long as it does, and no attempt until it runs.
 */
export const ENDED = ['succeeded', 'failed', 'canceled'] as const
export const UNFINISHED = ['queued', 'running'] as const

/** What `tasks.held` says of a queued task whose current attempt is a standby. */
export const HELD = { ready: 1, ahead: 2 } as const

export const hasEnded = (state: string): boolean => (ENDED as readonly string[]).includes(state)

/**
 * Why an attempt ended without an image by the fault of its service. `hung`: it took too long, and its image server answers nothing
 * any more, or has made nothing since the last that failed there.
 */
export const NODE_REASONS = [...NODE_FAULTS, 'hung'] as const

/** Why an attempt ended without an image: told by the agent, or found by the gateway, which may itself have lost an input. */
export const ATTEMPT_REASONS = [
  ...NODE_REASONS,
  ...REQUEST_FAULTS,
  'lease_lapsed',
  'agent_lost',
  'input_lost',
  'canceled'
] as const
export type AttemptReason = (typeof ATTEMPT_REASONS)[number]

/** Who waits how urgently; a lower class goes first, but every class gets its share. */
export const TASK_CLASS = { interactive: 0, async: 1, batch: 2 } as const
export type TaskClass = (typeof TASK_CLASS)[keyof typeof TASK_CLASS]

/** Whether the time of a request is not over, as `db/kept-at.ts` has it. */
export const isKept = (request: { expires_at: number | null; pinned: number }, now: number): boolean =>
  request.expires_at === null || request.expires_at > now || request.pinned === 1
