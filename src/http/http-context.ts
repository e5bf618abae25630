import type { IncomingMessage } from 'node:http'
import type { ApiKeys } from '../auth/api-keys.ts'
import type { KeyGuard } from '../auth/key-guard.ts'
import type { People } from '../people/people.ts'
import type { RateLimits } from '../auth/rate-limits.ts'
import type { UserStore } from '../people/user-store.ts'
import type { Operation } from '../auth/permissions.ts'
import type { Assets } from '../assets/assets.ts'
import type { AwaitedImages } from '../assets/awaited-images.ts'
import type { DeliveryLinks } from '../assets/delivery-links.ts'
import type { ImageLinks } from '../assets/image-links.ts'
import type { Thumbnails } from '../assets/thumbnails.ts'
import type { Batches } from '../batches/batches.ts'
import type { Config } from '../config/config.ts'
import type { Tally } from '../lib/async.ts'
import type { EdgeLimits } from '../lib/edge-limits.ts'
import type { Fault } from '../lib/fault.ts'
import type { Logger } from '../lib/logger.ts'
import type { Principal } from '../lib/principal.ts'
import type { Reached } from '../lib/reached.ts'
import type { Network } from '../network/network.ts'
import type { Provenance } from '../provenance/provenance.ts'
import type { Offers } from '../providers/offers.ts'
import type { ProviderStore } from '../providers/provider-store.ts'
import type { RequestViews } from '../request-views/request-views.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import type { ClubPicture } from '../settings/club-picture.ts'
import type { Settings } from '../settings/settings.ts'
import type { Budgets } from '../usage/budgets.ts'
import type { Usage } from '../usage/usage.ts'
import type { Webhooks } from '../webhooks/webhooks.ts'
import type { SystemState } from './dashboard/contract/admin.ts'

/** What the HTTP layer is built from; each route takes what it needs of it. */
export interface HttpContext {
  config: Config
  version: string
  /** The folder the dashboard was built into. */
  webDir: string
  /** Where images come from when not from here: see `DeliveryLinks`. */
  imageOrigin: string | undefined
  /** The folder of the documents that are served as guides. */
  docsDir: string
  logger: Logger
  edge: EdgeLimits
  apiKeys: ApiKeys
  keyGuard: KeyGuard
  rateLimits: RateLimits
  budgets: Budgets
  users: UserStore
  people: People
  settings: Settings
  clubPicture: ClubPicture
  usage: Usage
  providers: ProviderStore
  /** UTC milliseconds. */
  now: () => number
  requests: RequestLifecycle
  requestViews: RequestViews
  batches: Batches
  webhooks: Webhooks
  offers: Offers
  network: Network
  assets: Assets
  awaitedImages: AwaitedImages
  imageLinks: ImageLinks
  thumbnails: Thumbnails
  provenance: Provenance
  deliveryLinks: DeliveryLinks
  /** Resolves when what was committed so far survives a power cut. */
  durable: () => Promise<void>
  /** Throws `storage_unavailable` while there is too little room for what new work would store. */
  requireDiskRoom: () => void
  /** Whether an error is a disk's or the database's, so that the same call may work later. */
  findFault: (error: unknown) => Fault | undefined
  /** Aborted when the server stops and waiting callers must be told. */
  stopping: AbortSignal
  /** Counts those who wait for an answer, so that a stopping server can let them have it. */
  callers: Tally
  /** True from the moment no new work is taken. */
  isDraining: () => boolean
  /** How the server is doing, read when it is asked for. */
  system: () => Promise<SystemState>
  /** Throws when requests cannot be served. */
  checkReady: () => Promise<void>
  /** Calls the listener when what somebody may do has changed; returns what ends that. */
  onRightsChange: (listener: () => void) => () => void
  /** Whether a call that asks for another protocol is to get it; all others are answered by HTTP. */
  takesUpgrade: (request: IncomingMessage) => boolean
  metrics: {
    contentType: string
    text: () => Promise<string>
    observe: (exchange: { method: string; route: string; status: number; seconds: number }) => void
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the authentication hook on every route that names an operation. */
    principal: Principal
    /** How the call reached us, whatever proxies are in between. */
    reached: Reached
  }
  interface FastifyContextConfig {
    /** What the route does, in the vocabulary of permissions. */
    operation?: Operation
  }
}
