import { createSessionRegistry } from '../agent-gateway/session-registry.ts'
import { createAssetStore } from '../assets/asset-store.ts'
import { createDeliveryLinks } from '../assets/delivery-links.ts'
import { createAssets } from '../assets/assets.ts'
import { createAwaitedImages } from '../assets/awaited-images.ts'
import { createImageLinks } from '../assets/image-links.ts'
import { createStagedImageStore } from '../assets/staged-image-store.ts'
import { createStagedImages } from '../assets/staged-images.ts'
import { createThumbnails } from '../assets/thumbnails.ts'
import { createUnreadableBytes } from '../assets/unreadable-bytes.ts'
import { createApiKeyStore } from '../auth/api-key-store.ts'
import { createApiKeys } from '../auth/api-keys.ts'
import { createKeyGuard } from '../auth/key-guard.ts'
import { createPeople } from '../people/people.ts'
import { createRateLimits } from '../auth/rate-limits.ts'
import { getSecret } from '../people/secret-store.ts'
import { createUserStore } from '../people/user-store.ts'
import { createBatches } from '../batches/batches.ts'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import type { Logger } from '../lib/logger.ts'
import { createOperationEvents } from '../lib/operation-events.ts'
import { createImageMarker } from '../provenance/image-marker.ts'
import { createProvenance } from '../provenance/provenance.ts'
import { createNetwork } from '../network/network.ts'
import { createOffers } from '../providers/offers.ts'
import { createFindCapped } from '../requests/find-capped.ts'
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

/**
 * Builds everything once. The edges take what they need of it; nothing else knows how it is put together. Each operation that
 * they can call is heard of in `operations`, once: what rooms ask each other is a part of it. What this process holds in
 * memory of agents and of images in the making (`registry`, `live`, `awaitedImages`) is no operation, nor is what it reckons (`imageLinks`).
 */
export function createContext(opened: { config: Config; logger: Logger; database: Database; store: ObjectStore }) {
  const { config, logger, database, store } = opened
  const { clock, bell } = database
  const operations = createOperationEvents()
  operations.on(logOperations(logger))
  const users = createUserStore(database)
  const apiKeys = createApiKeys({ store: createApiKeyStore(database), clock, bell })
  const rateLimits = createRateLimits({
    perMinute: () => config.rateLimit,
    wrongKeysPerMinute: config.limits.wrongKeysPerMinute
  })
  const providers = createProviderStore(database, config.offering)
  const offers = createOffers({ store: providers, clock, findCapped: createFindCapped(database, config.offering) })
  const assetStore = createAssetStore(database)
  const unreadable = createUnreadableBytes({ logger })
  const stored = { store, rows: assetStore, unreadable }
  const imageLinks = createImageLinks({
    loadSecret: () => getSecret(database, 'image-links'),
    clock,
    lifetimeMs: () => config.club.imageLinkLifetimeMs
  })
  const awaitedImages = createAwaitedImages(config.answerMemoryBytes)
  const assets = createAssets({ ...stored, awaited: awaitedImages, links: imageLinks, limits: config.limits })
  const live = createLiveProgress()
  const requestParts = { database, offers, assets, providers, limits: config.limits, random: Math.random, logger }
  return {
    ...opened,
    operations,
    live,
    awaitedImages,
    imageLinks,
    registry: createSessionRegistry(),
    ...operations.observe({
      settings: createSettings(opened),
      clubPicture: createClubPicture(opened),
      users,
      apiKeys,
      keyGuard: createKeyGuard({ apiKeys, rateLimits }),
      rateLimits,
      people: createPeople({ ...opened, users }),
      usage: createUsage(database),
      providers,
      offers,

      network: createNetwork(database, config.offering, config.limits),
      assetStore,
      assets,
      stagedImages: createStagedImages({ store, rows: createStagedImageStore(database), clock }),
      thumbnails: createThumbnails({ ...stored, atOnce: config.limits.thumbnailsAtOnce }),
      deliveryLinks: createDeliveryLinks({ store, delivery: config.storageDelivery }),
      unreadable,
      marker: createImageMarker({ config, assets, clock, logger }),
      provenance: createProvenance({ config, assets, database, logger }),
      budgets: createBudgets(config.limits),
      requests: createRequestLifecycle(requestParts),
      requestViews: createRequestViews({ ...requestParts, live }),
      batches: createBatches(requestParts),
      webhooks: createWebhooks({ database, limits: config.limits })
    })
  }
}
