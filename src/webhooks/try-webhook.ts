import type { Database } from '../db/database.ts'
import { toUnixSeconds } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { signWebhook } from './sign-webhook.ts'
import { nextTryAt, RETRIED_FOR_MS } from './webhook-backoff.ts'
import type { SendWebhook, WebhookAnswer } from './webhook-request.ts'
import {
  type DeliveryRow,
  findWebhookSecret,
  giveUpAlike,
  postponeAlike,
  postponeDelivery,
  settleDelivery
} from './webhook-store.ts'

/** How long what is due for a host that does not answer is left alone at most, before one delivery is tried again. */
const LONGEST_ALIKE_MS = 300_000

export interface TryParts {
  database: Database
  send: SendWebhook
  logger: Logger
}

/**
 * One try of a delivery that was claimed for it: sends it and writes down how it ended. When `stop` aborts, it is due
 * again at once, for the next start. A host that does not answer is not asked once for each delivery: what else is due for
 * it, of the same user, shares the pause, and the end.
 */
export async function tryWebhook(parts: TryParts, claimed: DeliveryRow, stop: AbortSignal): Promise<void> {
  const { db, clock } = parts.database
  const answer = await sendSigned(parts, claimed, stop)
  const now = clock.now()
  const told = { last_status: answer.status, last_error: answer.acknowledged ? null : answer.error }
  if (answer.acknowledged) {
    await settleDelivery(db, claimed, { ...told, state: 'delivered', delivered_at: now })
    return
  }
  const isSilent = answer.status === null && !answer.final && !stop.aborted
  const retryAt = stop.aborted ? now : answer.final ? undefined : nextTry(claimed, now)
  if (retryAt !== undefined) {
    await postponeDelivery(db, claimed, { ...told, next_try_at: retryAt })
    if (isSilent) await postponeAlike(db, claimed, { now, until: Math.min(retryAt, now + LONGEST_ALIKE_MS) })
    return
  }
  await settleDelivery(db, claimed, { ...told, state: 'failed' })
  if (isSilent) await giveUpAlike(db, claimed, { now, firstTriedBefore: now - RETRIED_FOR_MS, error: told.last_error })
  const { id, request_id, tries } = claimed
  parts.logger.info({ delivery: id, job: request_id, tries, reason: answer.error }, 'a webhook was given up')
}

const nextTry = (claimed: DeliveryRow, now: number): number | undefined =>
  nextTryAt({ firstTryAt: claimed.first_try_at ?? now, now, random: Math.random() })

async function sendSigned(
  { database, send }: TryParts,
  claimed: DeliveryRow,
  stop: AbortSignal
): Promise<WebhookAnswer> {
  const { id, url, payload } = claimed
  const secret = await findWebhookSecret(database.db, claimed.api_key_id)
  if (!secret) {
    const error = secret === null ? 'the API key was made without a webhook secret' : 'the API key has been deleted'
    return { acknowledged: false, status: null, error: `not sent: ${error}`, final: true }
  }
  // What a webhook says must not be undone by a power cut.
  await database.durable()
  const headers = signWebhook({ secret, id, timestamp: toUnixSeconds(database.clock.now()), payload })
  return send({ url, headers, body: payload }, stop)
}
