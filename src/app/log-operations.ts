import type { Logger } from '../lib/logger.ts'
import type { OperationEvent } from '../lib/operation-events.ts'

/** What the gateway does by itself again and again, and what it asks at each call whatever the call is. */
const UPKEEP = new Set([
  'requests.followClock',
  'requests.expireLeases',
  'requests.expireWaiting',
  'requests.renewConnections',
  'requests.noteProgress',
  'requests.forgetKeys',
  'providers.listOffers',
  'providers.findBlocks',
  'providers.listStandings',
  'settings.load',
  'usage.rollUp',
  'webhooks.prune',
  'people.dropExpired',
  'people.account.listRemoved',
  'apiKeys.flushLastUsed',
  'apiKeys.stillCounts',
  'apiKeys.findEnd',
  'keyGuard.authenticate',
  'people.principalOf',
  'people.sessionTokenOf',
  'people.renewCookies',
  'rateLimits.countCall',
  'budgets.enter',
  'clubPicture.hash',
  'stagedImages.sweep'
])

/**
 * Has the log tell of each operation: at `debug`, at `info` when it was refused or failed, and upkeep at `trace`. Why one failed is
 * told with its cause by who asked for it; the default level shows that alone.
 */
export const logOperations =
  (logger: Logger) =>
  (event: OperationEvent): void => {
    const { operation, ms, outcome } = event
    const level = outcome !== 'ok' ? 'info' : UPKEEP.has(operation) ? 'trace' : 'debug'
    if (!logger.isLevelEnabled(level)) return
    logger[level]({ operation, outcome, ms: Math.round(ms), ids: event.ids }, 'an operation has ended')
  }
