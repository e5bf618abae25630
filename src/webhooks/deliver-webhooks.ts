import { startLoop } from '../lib/async.ts'
import { tryWebhook, type TryParts } from './try-webhook.ts'
import { claimDelivery, type DueDelivery, listDue } from './webhook-store.ts'

const LOOK_EVERY_MS = 1000
/** Longer than a try may take: a claim that lapses is that of a process that died. */
const CLAIM_MS = 60_000
/** What running tries get at a stop before they are cut off. */
const STOP_GRACE_MS = 1000

/** Tries at the same time; bounded so that neither a slow receiver nor a user with many of them holds up the others. */
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

  /**
   * What cannot be tried now: deliveries that are being tried, and users and hosts of which as many are being tried as
   * may be.
   */
  const full = () => {
    const all = [...running.values()]
    return {
      ids: [...running.keys()],
      userIds: atLeast(
        all.map((one) => one.userId),
        MOST_PER_USER
      ),
      hosts: atLeast(
        all.map((one) => one.host),
        MOST_PER_HOST
      )
    }
  }
  const hasRoom = (due: DueDelivery): boolean => {
    const { ids, userIds, hosts } = full()
    return !ids.includes(due.id) && !userIds.includes(due.user_id) && !hosts.includes(due.host)
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
    running.set(due.id, { userId: due.user_id, host: due.host, ended })
  }
  const onError = (error: unknown) =>
    parts.logger.error({ err: error }, 'a webhook could not be handled; it is tried again')

  const loop = startLoop({
    everyMs: LOOK_EVERY_MS,
    work: async () => {
      while (running.size < MOST_AT_ONCE) {
        const page = await listDue(db, { now: clock.now(), limit: MOST_AT_ONCE, except: full() })
        if (page.length === 0) return
        // The first has room; what another process has taken meanwhile is not due any more.
        for (const due of page) if (running.size < MOST_AT_ONCE && hasRoom(due)) await startTry(due)
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

/** Those of these names that occur at least `times` times, each once. */
function atLeast(names: readonly string[], times: number): string[] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].filter(([, count]) => count >= times).map(([name]) => name)
}
