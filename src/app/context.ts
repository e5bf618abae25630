import { createSessionRegistry } from '../agent-gateway/session-registry.ts'
import { createAssetStore } from '../assets/asset-store.ts'
import { createAssets } from '../assets/assets.ts'
import { createThumbnails } from '../assets/thumbnails.ts'
import { createUnreadableBytes } from '../assets/unreadable-bytes.ts'
import { createApiKeyStore } from '../auth/api-key-store.ts'
import { createApiKeys } from '../auth/api-keys.ts'
import { createKeyGuard } from '../auth/key-guard.ts'
import { createPeople } from '../people/people.ts'
import { createRateLimits } from '../auth/rate-limits.ts'
import { createUserStore } from '../people/user-store.ts'
import { createBatches } from '../batches/batches.ts'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import type { Logger } from '../lib/logger.ts'
import { createOperationEvents } from '../lib/operation-events.ts'
import { createNetwork } from '../network/network.ts'
import { createOffers } from '../providers/offers.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { createLiveProgress } from '../request-views/live-progress.ts'
import { createRequestViews } from '../request-views/request-views.ts'
import { createRequestLifecycle } from '../requests/request-lifecycle.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { createClubPicture } from '../settings/club-picture.ts'
import { createSettings } from '../settings/settings.ts'
import { createBudgets } from '../usage/budgets.ts'
import { createUsage } from '../usage/usage.ts'
import { createWebhooks } from '../webhooks/webhooks.ts'
import { logOperations } from './log-operations.ts'

export type Context = ReturnType<typeof createContext>

/** Builds everything once. The edges take what they need of it; nothing else knows how it is put together. */
export function createContext(opened: { config: Config; logger: Logger; database: Database; store: ObjectStore }) {
  const { config, logger, database, store } = opened
  const { clock, bell } = database
  const operations = createOperationEvents()
  operations.on(logOperations(logger))
  const settings = createSettings(opened)
  const clubPicture = createClubPicture(opened)
  const users = createUserStore(database)
  const keyStore = createApiKeyStore(database)
  const apiKeys = createApiKeys({ store: keyStore, clock, bell })
  const rateLimits = createRateLimits({
    perMinute: () => config.rateLimit,
    wrongKeysPerMinute: config.limits.wrongKeysPerMinute
  })
  const keyGuard = createKeyGuard({ apiKeys, rateLimits })
  const people = createPeople({ ...opened, users })
  const usage = createUsage(database)
  const providers = createProviderStore(database, config.offering)
  const offers = createOffers({ store: providers, clock })
  const network = createNetwork(database, config.offering)
  const assetStore = createAssetStore(database)
  const unreadable = createUnreadableBytes({ logger })
  const assets = createAssets({ store, rows: assetStore, unreadable })
  const thumbnails = createThumbnails({
    store,
    rows: assetStore,
    unreadable,
    atOnce: config.limits.thumbnailsAtOnce
  })
  const live = createLiveProgress()
  const budgets = createBudgets(config.limits)
  const requestParts = { database, offers, assets, providers, limits: config.limits, logger }
  const requests = operations.observe('requests', createRequestLifecycle(requestParts))
  const requestViews = operations.observe('requestViews', createRequestViews({ ...requestParts, live }))
  const batches = operations.observe('batches', createBatches(requestParts))
  const webhooks = operations.observe('webhooks', createWebhooks({ database, limits: config.limits }))
  const registry = createSessionRegistry()
  return {
    ...opened,
    operations,
    settings,
    clubPicture,
    users,
    keyStore,
    apiKeys,
    keyGuard,
    rateLimits,
    people,
    usage,
    providers,
    offers,
    network,
    assetStore,
    assets,
    thumbnails,
    unreadable,
    budgets,
    requests,
    requestViews,
    batches,
    webhooks,
    live,
    registry
  }
}
