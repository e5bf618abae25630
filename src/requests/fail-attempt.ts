import type { Trx } from '../db/database.ts'
import { lockProvider, lockRequest } from '../db/locks.ts'
import type { ErrorCode } from '../lib/errors.ts'
import { pauseService } from '../providers/pause-store.ts'
import type { Offer } from '../providers/offers-store.ts'
import { hasFaultsInRow } from '../providers/service-measures-store.ts'
import { findProviderName } from '../providers/provider-state-store.ts'
import { quote } from '../providers/quote.ts'
import { type AttemptRow, changeAttempt, findAttempt, isLeased, listAttemptsOfTask } from './attempt-store.ts'
import { endRequestIfDone } from './finish-request.ts'
import type { RequestParts } from './request-parts.ts'
import { type AttemptReason, HELD } from './request-states.ts'
import {
  isDeferring,
  isLoss,
  isOwnFault,
  isRequestFault,
  hangPauseMs,
  isSpending,
  MOST_HANGS,
  pauseLengthMs,
  retryDelayMs,
  secondOpinions,
  shouldRetry
} from './retry-policy.ts'
import { ringRequest } from './ring-request.ts'
import { servicesFor } from './services-for.ts'
import { releaseHeldTask } from './standby-store.ts'
import { changeFenced, findTask, listFailures, type TaskRow } from './task-store.ts'
import { unbegunColumns } from './unbegun.ts'

export interface Failure {
  reason: AttemptReason
  /** A sentence fit for callers. */
  message: string
  /** It is the provider's, not ours: it is told as its words. */
  isQuoted?: boolean
  /** The field of the call at fault. */
  param?: string
  /** The agent said goodbye, or was sent away: that is none of the losses that a task may have. */
  isAnnounced?: boolean
  /** The image server cannot be used any more, by the word of its agent. */
  isAway?: boolean
  /** For how long the image server wants to be left alone, when it said so. */
  retryAfterMs?: number
}

/**
 * Ends an attempt without an image: the task waits again, or has failed, as the retry policy says; what was only held ready is
 * let go. Fenced like a success; false when the task is no longer this attempt's.
 */
export async function failAttempt(parts: RequestParts, attempt: AttemptRow, told: Failure): Promise<boolean> {
  const { database, providers, limits, random } = parts
  const offers = await candidatesOf(parts, attempt)
  const candidates = offers.map(({ serviceId }) => serviceId)
  const userId = await database.db.transaction().execute(async (trx) => {
    await lockProvider(trx, attempt.provider_id)
    const now = database.clock.now()
    await lockRequest(trx, attempt.request_id)
    const task = await findTask(trx, attempt.task_id)
    if (!task) return undefined
    const earlier = await listAttemptsOfTask(trx, task)
    const lease = await findAttempt(trx, attempt.id)
    if (!lease || isKept(lease, { seen: attempt, reason: told.reason })) return undefined
    // Whatever it was: nothing had begun. Of what its image server has, that may have said what is wrong.
    if (lease.state === 'standby' && task.held !== HELD.ahead) {
      return (await releaseHeldTask(trx, { taskId: task.id, attemptId: attempt.id }))?.user_id
    }
    const failure = (await hasHung(trx, { told, attempt, earlier })) ? { ...told, reason: 'hung' as const } : told
    const isIdle = failure.reason === 'hung' && !failure.isAway
    // An agent that stayed away for longer than its lease and came back without the work was lost once, not twice.
    const loss = isLoss(failure.reason) && lease.state !== 'lapsed' && failure.isAnnounced !== true
    const deferred = isDeferring(failure.reason)
    const blameless = isLoss(failure.reason) || isRequestFault(failure.reason) || isOwnFault(failure.reason)
    const nodeFault = !blameless && !deferred
    const firstDeferred = earlier.find((one) => isDeferring(one.reason))?.finished_at ?? now
    const refused = isRequestFault(failure.reason)
    const counts = {
      node_faults: task.node_faults + (nodeFault ? 1 : 0),
      losses: task.losses + (loss ? 1 : 0),
      refusals: task.refusals + (refused ? 1 : 0)
    }
    const provider = await findProviderName(trx, attempt.provider_id)
    const refusedBy = (await listFailures(trx, [task])).get(task.id)?.refusedBy ?? []
    const refusing = { providerId: attempt.provider_id, ownerId: provider?.owner_id ?? '' }
    const spent = earlier.filter((one) => isSpending(one.reason)).map((one) => one.service_id)
    const again = shouldRetry({
      reason: failure.reason,
      nodeFaults: counts.node_faults,
      losses: counts.losses,
      spentOn: isSpending(failure.reason) ? [...spent, attempt.service_id] : spent,
      deferredForMs: deferred ? now - firstDeferred : 0,
      patienceMs: limits.noProviderTimeoutMs,
      candidates,
      isOwn: provider?.owner_id === task.user_id,
      unasked: secondOpinions([...refusedBy, refusing], offers).map(({ serviceId }) => serviceId)
    })
    const lapses = again && failure.reason === 'lease_lapsed'
    const delay = () => retryDelayMs({ nodeFaults: counts.node_faults, firstMs: limits.retryDelayMs, random: random() })
    const later = nodeFault ? { not_before: now + delay() } : {}
    const change = again
      ? { state: 'queued' as const, held: 0, ...counts, current_attempt_id: lapses ? attempt.id : null, ...later }
      : {
          state: 'failed' as const,
          held: 0,
          ...counts,
          finished_at: now,
          ...publicError(failure, { counts, provider: provider?.name }),
          ...unbegunColumns(
            failure.reason === 'busy' ? { reason: 'paused', machines: [attempt.provider_id] } : undefined
          )
        }
    if (!(await changeFenced(trx, { taskId: task.id, attemptId: attempt.id }, change))) return undefined
    if (lapses && lease.state === 'standby') {
      // It may have begun since its agent was heard last, and be back: its request runs by that (a trigger).
      const heardAt = lease.lease_until - limits.leaseMs
      await changeAttempt(trx, attempt.id, { state: 'running', assigned_at: Math.max(lease.assigned_at, heardAt) })
    }
    await changeAttempt(trx, attempt.id, {
      // A lapsed lease only makes the task claimable: until somebody has taken it, the late result still counts.
      state: lapses ? 'lapsed' : 'failed',
      finished_at: now,
      reason: failure.reason,
      reason_message: isIdle ? `${failure.message} ${NOTHING_MADE}` : failure.message
    })
    // One that hangs, or makes nothing, is one with faults until it has made something, also when it was started anew.
    if (nodeFault || failure.reason === 'hung') await providers.noteNodeFault(trx, attempt.service_id)
    if (deferred || failure.isAway) await leaveAlone(trx, { attempt, failure, model: task.model, now })
    if (!again) await endRequestIfDone(trx, task.request_id, now)
    return task.user_id
  })
  if (userId === undefined) return false
  ringRequest(database.bell, { id: attempt.request_id, userId })
  database.bell.ring('tasks')
  database.bell.ring('webhooks')
  return true
}

/** Said of an image that took too long on a server that answers. */
const NOTHING_MADE = 'Its image server has made nothing since the last that failed there.'

/**
 * Whether an image server has kept an attempt for too long because it hangs: it answers nothing any more, or has made nothing since
 * the last that failed there. Not always for the same task: one that is only slow is found so, too, and would make what takes too long
 * again and again.
 */
const hasHung = async (
  trx: Trx,
  { told, attempt, earlier }: { told: Failure; attempt: AttemptRow; earlier: readonly AttemptRow[] }
): Promise<boolean> => {
  if (told.reason !== 'timeout') return false
  const hung = earlier.filter((one) => one.service_id === attempt.service_id && one.reason === 'hung')
  return hung.length < MOST_HANGS && (told.isAway === true || (await hasFaultsInRow(trx, attempt.service_id)))
}

/** Pauses the service; when it lacks the model, that model alone, since this says nothing about its others. */
const leaveAlone = (
  trx: Trx,
  { attempt, failure, model, now }: { attempt: AttemptRow; failure: Failure; model: string; now: number }
): Promise<void> =>
  pauseService(trx, {
    serviceId: attempt.service_id,
    ...(failure.reason === 'model_missing' && { model }),
    reason: failure.reason === 'busy' || failure.reason === 'model_missing' ? failure.reason : 'unreachable',
    lengthMs: (inRow) =>
      failure.reason === 'hung' && !failure.isAway ? hangPauseMs(inRow) : pauseLengthMs(inRow, failure.retryAfterMs),
    now
  })

/**
 * Whether an attempt that was found lost is so no more: since it was read its lease has been renewed or has lapsed
 * already, or its agent has come back with it on a newer connection.
 */
function isKept(lease: AttemptRow, { seen, reason }: { seen: AttemptRow; reason: AttemptReason }): boolean {
  if (!isLoss(reason)) return false
  if (lease.epoch !== seen.epoch) return true
  return reason === 'lease_lapsed' && (!isLeased(lease) || lease.lease_until !== seen.lease_until)
}

async function candidatesOf({ database, providers }: RequestParts, attempt: AttemptRow): Promise<Offer[]> {
  const task = await findTask(database.db, attempt.task_id)
  if (!task) return []
  const offers = await providers.listOffers({ seenSince: database.clock.now(), model: task.model })
  const able = (await servicesFor(database.db, { tasks: [task], offers })).get(task.id) ?? []
  return offers.filter(({ serviceId }) => able.includes(serviceId))
}

function publicError(
  failure: Failure,
  { counts, provider }: { counts: Pick<TaskRow, 'node_faults' | 'losses' | 'refusals'>; provider: string | undefined }
): Pick<TaskRow, 'error_code' | 'error_message' | 'error_param'> {
  const codes: Partial<Record<AttemptReason, ErrorCode>> = {
    content_rejected: 'content_rejected',
    bad_request: 'invalid_request',
    busy: 'upstream_busy',
    input_lost: 'storage_unavailable'
  }
  const tries = counts.node_faults + counts.losses + counts.refusals
  const text = failure.isQuoted && provider !== undefined ? quote(provider, failure.message) : failure.message
  const suffix = tries > 1 ? ` (after ${tries} attempts)` : ''
  return {
    error_code: codes[failure.reason] ?? 'upstream_error',
    error_message: text + suffix,
    error_param: failure.param !== undefined && isRequestFault(failure.reason) ? fieldName(failure.param) : null
  }
}

/** Agents are other people's programs: what is no name of a field is none. */
const fieldName = (param: string): string | null => (/^[\w.[\]-]{1,100}$/.test(param) ? param : null)
