import { HOUR_MS } from '../lib/durations.ts'
import type { SessionKeeper } from '../agent-gateway/keep-sessions.ts'
import { type Loop, startLoop } from '../lib/async.ts'
import type { SteadyClock } from '../lib/clock.ts'
import type { Context } from './context.ts'
import { eraseAccounts, type EraseParts } from './erase-accounts.ts'
import type { StorageSweeper } from './storage-sweeper.ts'

const SWEEP_REQUESTS_EVERY_MS = 60_000
const FLUSH_KEYS_EVERY_MS = 10_000
const LOOK_AT_SETTINGS_EVERY_MS = 10_000
const ADD_UP_EVERY_MS = 60_000
const INDEX_EVERY_MS = 10_000
const SWEEP_EVERY_MS = HOUR_MS

const FOLLOW_CLOCK_EVERY_MS = 1000

export interface BackgroundParts
  extends EraseParts, Pick<Context, 'config' | 'settings' | 'apiKeys' | 'usage' | 'logger'> {
  sweeper: Pick<StorageSweeper, 'sweep'>
  keeper: Pick<SessionKeeper, 'renew'>
  /** The database's. */
  clock: SteadyClock
}

/** The work that nobody asks for: expiring leases and waits, writing down key use, removing what is left behind. */
export function startBackground(parts: BackgroundParts): { close(): Promise<void> } {
  const { limits } = parts.config
  const { bell } = parts.database
  const closing = new AbortController()
  const loop = (name: string, everyMs: number | (() => number), work: () => Promise<unknown>): Loop =>
    startLoop({
      everyMs,
      work: async () => void (await work()),
      onError: (error) => parts.logger.error({ err: error, work: name }, 'background work failed; it is tried again')
    })
  const waiting = loop(
    'expire waiting',
    () => Math.min(10_000, limits.noProviderTimeoutMs / 2),
    () => parts.requests.expireWaiting(closing.signal)
  )
  const erasing = loop('erase accounts', SWEEP_EVERY_MS, async () => {
    if (await eraseAccounts(parts, closing.signal)) erasing.wake()
  })
  const loops = [
    waiting,
    erasing,
    loop('follow the clock', FOLLOW_CLOCK_EVERY_MS, () => parts.requests.followClock(parts.clock)),
    loop('expire leases', Math.min(1000, limits.leaseMs / 4), () => parts.requests.expireLeases(parts.keeper)),
    loop('look at settings', LOOK_AT_SETTINGS_EVERY_MS, () => parts.settings.load()),
    loop('write down key use', FLUSH_KEYS_EVERY_MS, () => parts.apiKeys.flushLastUsed()),
    loop('add up usage', ADD_UP_EVERY_MS, () => parts.usage.rollUp()),
    loop('sweep requests', SWEEP_REQUESTS_EVERY_MS, () => parts.requests.sweep(closing.signal)),
    loop('index prompts', INDEX_EVERY_MS, () => parts.requests.indexPrompts(closing.signal)),
    loop('forget prompts', SWEEP_EVERY_MS, () => parts.requests.forgetPrompts(closing.signal)),
    loop('forget idempotency keys', SWEEP_EVERY_MS, () => parts.requests.forgetKeys()),
    loop('prune webhooks', SWEEP_EVERY_MS, () => parts.webhooks.prune(closing.signal)),
    loop('drop ended sessions', SWEEP_EVERY_MS, () => parts.people.dropExpired()),
    loop('sweep orphans', SWEEP_EVERY_MS, () => parts.sweeper.sweep(closing.signal))
  ]
  // A shorter wait must not itself wait for the next round.
  const forget = [bell.on('settings', waiting.wake), bell.on('accounts', erasing.wake)]
  return {
    close: async () => {
      for (const leave of forget) leave()
      closing.abort()
      await Promise.all(loops.map((one) => one.close()))
    }
  }
}
