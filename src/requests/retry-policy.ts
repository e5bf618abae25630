import { REQUEST_FAULTS } from '../protocol/messages.ts'
import type { AttemptReason } from './request-states.ts'

export const MOST_NODE_FAULTS = 3
export const MOST_LOSSES = 5

/** Faults of the prompt or the parameters: the answer, wherever it runs. They never count against the service. */
export const isRequestFault = (reason: AttemptReason): boolean => (REQUEST_FAULTS as readonly string[]).includes(reason)

/**
 * The service did the work and nothing usable came of it: it ran into its timeout, or what it made could not be delivered or
 * is no image. It would do all of the work once more for the same end, so that task is never sent there again.
 */
export const SPENDING_FAULTS = ['timeout', 'bad_output'] as const
export const isSpending = (reason: string | null): boolean =>
  (SPENDING_FAULTS as readonly (string | null)[]).includes(reason)

/** The agent or its lease went away; says nothing about the request and little about the node. */
export const isLoss = (reason: AttemptReason): boolean => reason === 'lease_lapsed' || reason === 'agent_lost'

export interface FaultHistory {
  reason: AttemptReason
  /** Node faults of this task, this one included. */
  nodeFaults: number
  /** Lost agents and leases of this task, this one included. */
  losses: number
  /** Services on which an attempt of this task met a spending fault, this one included. */
  spentOn: readonly string[]
  /** Services online that could take it, this one included if it still is. */
  candidates: readonly string[]
}

/**
 * Whether a task whose attempt ended without an image is tried again. Three node faults end it, five losses do, a
 * request fault does at once; a service that did the work in vain is not asked again, and when every candidate has, there
 * is nothing left to try. With no candidate online it waits for one.
 */
export function shouldRetry(history: FaultHistory): boolean {
  if (isRequestFault(history.reason)) return false
  if (isLoss(history.reason)) return history.losses < MOST_LOSSES
  if (history.nodeFaults >= MOST_NODE_FAULTS) return false
  const { candidates, spentOn } = history
  return candidates.length === 0 || candidates.some((service) => !spentOn.includes(service))
}
