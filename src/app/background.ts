import type { ApiKeys } from '../auth/api-keys.ts'
import { sweepOrphans } from '../assets/sweep-orphans.ts'
import { type Loop, startLoop } from '../lib/async.ts'
import type { Logger } from '../lib/logger.ts'
import type { Usage } from '../usage/usage.ts'
import type { Requests } from '../requests/requests.ts'

const FLUSH_KEYS_EVERY_MS = 10_000
const ADD_UP_EVERY_MS = 60_000
const SWEEP_EVERY_MS = 3_600_000

export interface BackgroundParts {
  requests: Requests
  apiKeys: ApiKeys
  usage: Usage
  sweep: Parameters<typeof sweepOrphans>[0]
  leaseMs: number
  noProviderTimeoutMs: number
  logger: Logger
}

/** The work that nobody asks for: expiring leases and waits, writing down key use, sweeping orphans. */
export function startBackground(parts: BackgroundParts): { close(): Promise<void> } {
  const loop = (name: string, everyMs: number, work: () => Promise<unknown>): Loop =>
    startLoop({
      everyMs,
      work: async () => void (await work()),
      onError: (error) => parts.logger.error({ err: error, work: name }, 'background work failed; it is tried again')
    })
  const loops = [
    loop('expire leases', Math.min(1000, parts.leaseMs / 4), () => parts.requests.expireLeases()),
    loop('expire waiting', Math.min(10_000, parts.noProviderTimeoutMs / 2), () => parts.requests.expireWaiting()),
    loop('write down key use', FLUSH_KEYS_EVERY_MS, () => parts.apiKeys.flushLastUsed()),
    loop('add up usage', ADD_UP_EVERY_MS, () => parts.usage.rollUp()),
    loop('forget idempotency keys', SWEEP_EVERY_MS, () => parts.requests.forgetKeys()),
    loop('sweep orphans', SWEEP_EVERY_MS, () => sweepOrphans(parts.sweep))
  ]
  return { close: async () => void (await Promise.all(loops.map((one) => one.close()))) }
}
