import { REQUEST_FAULTS } from '../protocol/messages.ts'
import type { AttemptReason } from './request-states.ts'

export const MOST_NODE_FAULTS = 3
export const MOST_LOSSES = 5
/** So often a service may hang with a task: the next time counts as the task's. */
export const MOST_HANGS = MOST_NODE_FAULTS - 1

/**
 * Faults of the prompt or the parameters, by the word of whoever tried: they never count against the service, and are the
 * answer once they are believed.
 */
export const isRequestFault = (reason: string | null): boolean =>
  (REQUEST_FAULTS as readonly (string | null)[]).includes(reason)

/**
 * The service did the work and nothing usable came of it: it ran into its timeout, or what it made could not be delivered or
 * is no image. It would do all of the work once more for the same end, so that task is never sent there again.
 */
export const SPENDING_FAULTS = ['timeout', 'bad_output'] as const
export const isSpending = (reason: string | null): boolean =>
  (SPENDING_FAULTS as readonly (string | null)[]).includes(reason)

/**
 * The work could not begin: the image server asked for patience, cannot be reached, refused its key or lacks the model, or hangs. Such
 * an attempt is none that counts, but the service is left alone for a while and the task waits, or goes elsewhere.
 */
export const DEFERRING_FAULTS = ['busy', 'unreachable', 'model_missing', 'hung'] as const
export const isDeferring = (reason: string | null): boolean =>
  (DEFERRING_FAULTS as readonly (string | null)[]).includes(reason)

const FIRST_PAUSE_MS = 2000
const LONGEST_PAUSE_MS = 60_000

/**
 * Milliseconds for which a service is left alone: as long as it asked for, else longer each time in a row (`inRow`
 * counts from 0).
 */
export const pauseLengthMs = (inRow: number, askedMs: number | undefined): number =>
  askedMs !== undefined && askedMs > 0 ? askedMs : Math.min(FIRST_PAUSE_MS * 2 ** Math.min(inRow, 16), LONGEST_PAUSE_MS)

const FIRST_HANG_PAUSE_MS = 30_000
const LONGEST_HANG_PAUSE_MS = 600_000

/**
 * Milliseconds for which a service is left alone that answers and makes nothing: each image that is tried there costs its whole
 * time limit.
 */
export const hangPauseMs = (inRow: number): number =>
  Math.min(FIRST_HANG_PAUSE_MS * 2 ** Math.min(inRow, 16), LONGEST_HANG_PAUSE_MS)

const LONGEST_RETRY_MS = 60_000
/** At most this part of it is left out. */
const RETRY_JITTER = 0.2

/**
 * Milliseconds until a task may go once more to a service on which it met a fault that was the node's: `firstMs` after one of
 * them, five times as long after each further one, a minute at most; shortened at random (`random` is 0 … 1) so that those
 * which failed together do not come back together. Elsewhere it may be tried at once.
 */
export const retryDelayMs = ({
  nodeFaults,
  firstMs,
  random
}: {
  /** That the task has met, at least one. */
  nodeFaults: number
  firstMs: number
  random: number
}): number =>
  Math.round(Math.min(firstMs * 5 ** Math.min(nodeFaults - 1, 16), LONGEST_RETRY_MS) * (1 - RETRY_JITTER * random))

/** The agent or its lease went away; says nothing about the request and little about the node. */
export const isLoss = (reason: AttemptReason): boolean => reason === 'lease_lapsed' || reason === 'agent_lost'

/** The gateway cannot read a source image of the request any more: nobody else is at fault, and nobody could do it. */
export const isOwnFault = (reason: AttemptReason): boolean => reason === 'input_lost'

/** A service with whose it is. */
export interface Machine {
  serviceId: string
  providerId: string
  ownerId: string
}

/**
 * Which of the candidates should be asked before a refusal by others counts: those of owners that have not refused it yet, or
 * else other providers. None when two owners, or without a second one two providers, have said the same.
 */
export function secondOpinions(
  refusedBy: readonly Omit<Machine, 'serviceId'>[],
  candidates: readonly Machine[]
): Machine[] {
  const owners = new Set(refusedBy.map(({ ownerId }) => ownerId))
  if (owners.size !== 1) return []
  const ofOthers = candidates.filter(({ ownerId }) => !owners.has(ownerId))
  if (ofOthers.length > 0) return ofOthers
  const providers = new Set(refusedBy.map(({ providerId }) => providerId))
  return providers.size > 1 ? [] : candidates.filter(({ providerId }) => !providers.has(providerId))
}

export interface FaultHistory {
  reason: AttemptReason
  /** Node faults of this task that count, this one included. */
  nodeFaults: number
  /** Lost agents and leases of this task, this one included; not those that were announced or came back with the work. */
  losses: number
  /** Services on which an attempt of this task met a spending fault, this one included. */
  spentOn: readonly string[]
  /** For how long the task has been deferred, from its first deferring fault; 0 when this is the first. */
  deferredForMs: number
  /** For how long it may be. */
  patienceMs: number
  /** Services online that could take it, this one included if it still is. */
  candidates: readonly string[]
  /** Of a request fault: the provider is the caller's own, which they may believe. */
  isOwn: boolean
  /** Services that may still be asked whether the request is at fault, as `secondOpinions` has them. */
  unasked: readonly string[]
}

/**
 * Whether a task whose attempt ended without an image is tried again. Three node faults end it, five losses do, and a request
 * fault does when the caller's own provider says so or there is nobody left to ask. A service that did the work in vain is
 * not asked again, and when every candidate has, there is nothing left to try. With no candidate online it waits for one.
 * Deferring faults are tried again for `patienceMs`; what the gateway itself has lost is not.
 */
export function shouldRetry(history: FaultHistory): boolean {
  if (isRequestFault(history.reason)) return !history.isOwn && history.unasked.length > 0
  if (isLoss(history.reason)) return history.losses < MOST_LOSSES
  if (isOwnFault(history.reason)) return false
  if (isDeferring(history.reason) ? history.deferredForMs > history.patienceMs : history.nodeFaults >= MOST_NODE_FAULTS)
    return false
  const { candidates, spentOn } = history
  return candidates.length === 0 || candidates.some((service) => !spentOn.includes(service))
}
