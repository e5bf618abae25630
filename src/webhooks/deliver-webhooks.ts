import { startLoop } from '../lib/async.ts'
import { tryWebhook, type TryParts } from './try-webhook.ts'
import { claimDelivery, type DueDelivery, eachDueDelivery } from './webhook-store.ts'

const LOOK_EVERY_MS = 1000
/** Longer than a try may take: a claim that lapses is that of a process that died. */
const CLAIM_MS = 60_000
/** What running tries get at a stop before they are cut off. */
const STOP_GRACE_MS = 1000

/** So that neither a slow receiver nor a user with many of them holds up the others. */
const MOST_AT_ONCE = 16
const MOST_PER_USER = 4
const MOST_PER_HOST = 2

/**
 * Delivers webhooks as they become due, until closed. Any number of processes may do so on one database: a delivery is
 * claimed for each try.
 */
export function startWebhookDelivery(parts: TryParts): { close(): Promise<void> } {
  const { db, clock, bell } = parts.database
  const running = new Map<string, { userId: string; host: string; ended: Promise<void> }>()
  const stop = new AbortController()

  const hasRoom = (due: DueDelivery): boolean => {
    const all = [...running.values()]
    const ofUser = all.filter((one) => one.userId === due.user_id)
    const ofHost = all.filter((one) => one.host === new URL(due.url).host)
    return !running.has(due.id) && ofUser.length < MOST_PER_USER && ofHost.length < MOST_PER_HOST
  }
  const startTry = async (due: DueDelivery) => {
    const now = clock.now()
    const claimed = await claimDelivery(db, due, { now, until: now + CLAIM_MS })
    if (!claimed) return
    const ended = tryWebhook(parts, claimed, stop.signal)
      .catch(onError)
      .finally(() => {
        running.delete(due.id)
        loop.wake()
      })
    running.set(due.id, { userId: due.user_id, host: new URL(due.url).host, ended })
  }
  const onError = (error: unknown) =>
    parts.logger.error({ err: error }, 'a webhook could not be handled; it is tried again')

  const loop = startLoop({
    everyMs: LOOK_EVERY_MS,
    work: async () => {
      for await (const due of eachDueDelivery(db, clock.now())) {
        if (running.size >= MOST_AT_ONCE) return
        if (hasRoom(due)) await startTry(due)
      }
    },
    onError
  })
  const leave = bell.on('webhooks', loop.wake)
  return {
    close: async () => {
      leave()
      await loop.close()
      const cutOff = setTimeout(() => stop.abort(), STOP_GRACE_MS)
      await Promise.all([...running.values()].map((one) => one.ended))
      clearTimeout(cutOff)
    }
  }
}
