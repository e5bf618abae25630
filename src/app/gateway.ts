import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { registerAgentBytes } from '../agent-gateway/agent-bytes.ts'
import { createDeliveries } from '../agent-gateway/deliveries.ts'
import { isAgentUpgrade, serveAgentSockets } from '../agent-gateway/agent-socket.ts'
import { keepSessions } from '../agent-gateway/keep-sessions.ts'
import { bootstrapAdmin } from '../people/bootstrap.ts'
import type { CreatedApiKey } from '../auth/api-keys.ts'
import type { UserRow } from '../people/user-store.ts'
import type { Config } from '../config/config.ts'
import { ON_DISK } from '../config/storage-settings.ts'
import { isDataDirLocked, lockDataDir } from '../db/data-dir-lock.ts'
import { forgetGatewayAddress, leaveGatewayAddress } from '../db/gateway-address.ts'
import { startDispatcher } from '../dispatch/dispatcher.ts'
import { createHttpApp } from '../http/app.ts'
import { createTally } from '../lib/async.ts'
import { createSteadyClock, type SteadyClock } from '../lib/clock.ts'
import { createHostCheck, knownHosts } from '../lib/allowed-hosts.ts'
import { basePathOf } from '../lib/base-path.ts'
import { EDGE_LIMITS, type EdgeLimits } from '../lib/edge-limits.ts'
import { tryToListen } from '../lib/try-to-listen.ts'
import { localUrl } from '../lib/local-url.ts'
import type { Logger } from '../lib/logger.ts'
import { createReached } from '../lib/reached.ts'
import { VERSION } from '../lib/version.ts'
import { openStore } from '../storage/open-store.ts'
import { startWebhookDelivery } from '../webhooks/deliver-webhooks.ts'
import { createWebhookSender } from '../webhooks/webhook-request.ts'
import { startBackground } from './background.ts'
import { createContext, type Context } from './context.ts'
import { watchDiskRoom } from './disk-room.ts'
import { watchEventLoopDelay } from './event-loop-delay.ts'
import { beginFirstStart } from './first-start.ts'
import { createFindFault } from './find-fault.ts'
import { createMetrics } from './metrics.ts'
import { openDatabase, type OpenDatabaseOptions } from './open-database.ts'
import { createReadiness } from './readiness.ts'
import { createStorageSweeper } from './storage-sweeper.ts'
import { createSystemState } from './system-state.ts'

const DOCS_DIR = fileURLToPath(new URL('../../docs', import.meta.url))
const WEB_DIR = fileURLToPath(new URL('../../web/dist', import.meta.url))

export interface GatewayOptions extends OpenDatabaseOptions {
  clock?: SteadyClock
  config: Config
  logger: Logger
  /** What is given counts in place of `EDGE_LIMITS`. */
  edge?: Partial<EdgeLimits>
}

export interface Gateway {
  /** Where it listens, without a slash at its end. */
  url: string
  context: Context
  /** The admin who has been here longest; absent when all are shut out. */
  admin?: UserRow
  /** The bootstrap key, on the first start only. */
  newKey?: CreatedApiKey
  /**
   * Takes no new work, lets waiting callers finish for a while, tells the others, and stops; not before `leaving`, of agents that
   * end with it, has settled.
   */
  close(leaving?: Promise<unknown>): Promise<void>
}

/**
 * Starts a gateway. Throws `DataDirUnusable`, and what listening on the port throws (`EADDRINUSE`, …). What is opened is
 * closed in the opposite order, by `close()` as well as when the start fails half way.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, logger, edge: ownEdge, clock = createSteadyClock(), ...opening } = options
  const { dataDir, publicUrl } = config
  const { leaseMs, drainTimeoutMs } = config.limits
  const edge = { ...EDGE_LIMITS, ...ownEdge }

  // Nothing is made in a new folder for a start that cannot succeed; who runs on the folder already is said first.
  if (!isDataDirLocked(dataDir)) await tryToListen(config)
  await using opened = new AsyncDisposableStack()
  const firstStart = await beginFirstStart(dataDir)
  opened.defer(() => firstStart.removeFolders())
  opened.defer(await lockDataDir(dataDir))
  opened.defer(await firstStart.findRemoval())
  // Of one that was killed, whose address is not this one's.
  await forgetGatewayAddress(dataDir)
  opened.defer(() => forgetGatewayAddress(dataDir))
  const database = closing(
    opened,
    await openDatabase(config, {
      onError: (error) => logger.error({ err: error }, 'the database could not be read or written; it is tried again'),
      ...opening,
      clock
    })
  )
  const store = await openStore(config)
  const context = createContext({ config, logger, database, store })
  const { requests, requestViews, registry } = context
  await closing(opened, context.settings).load()
  await closing(opened, context.clubPicture).load()
  await closing(opened, context.marker).load()
  closing(opened, context.provenance)
  closing(opened, context.thumbnails)
  closing(opened, context.awaitedImages)
  await context.imageLinks.load()

  const eventLoop = closing(opened, watchEventLoopDelay())
  const diskRoom = closing(
    opened,
    await watchDiskRoom({
      places: [() => database.freeBytes(), () => store.freeBytes()],
      reserveBytes: config.diskReserveBytes,
      isBusy: () => registry.runningByUser().size > 0,
      onRoom: () => database.bell.ring('tasks'),
      logger
    })
  )
  const metrics = closing(
    opened,
    createMetrics({
      operations: context.operations,
      agentsOnline: () => registry.sessions().length,
      unfinished: () => requestViews.countUnfinished(),
      databaseLogSize: () => database.logSize(),
      freeSpace: () => diskRoom.freeBytes(),
      eventLoop
    })
  )
  const { flushLastUsed } = closing(opened, context.apiKeys)
  opened.defer(flushLastUsed)
  const sweeper = createStorageSweeper({
    store,
    assets: context.assetStore,
    stagedImages: context.stagedImages,
    unreadable: context.unreadable,
    clock: database.clock,
    quarantineMs: config.quarantineMs,
    logger
  })
  /** What begins when the port is ours, and goes on until the last call has been answered. */
  const meanwhile = opened.use(new AsyncDisposableStack())

  const stopping = new AbortController()
  const callers = createTally()
  let draining = false
  let left: Promise<unknown> = Promise.resolve()
  const checkReady = createReadiness(context)
  const app = closing(
    opened,
    await createHttpApp({
      ...context,
      system: createSystemState({ ...context, eventLoop, diskRoom, sweeper, checkReady }),
      edge,
      version: VERSION,
      webDir: WEB_DIR,
      imageOrigin: await context.deliveryLinks.origin(),
      docsDir: DOCS_DIR,
      now: () => database.clock.now(),
      durable: () => database.durable(),
      requireDiskRoom: () => diskRoom.require(),
      findFault: createFindFault(database),
      stopping: stopping.signal,
      callers,
      isDraining: () => draining,
      checkReady,
      onRightsChange: (listener) => database.bell.on('keys', listener),
      takesUpgrade: isAgentUpgrade(basePathOf(publicUrl)),
      metrics
    })
  )
  const deliveries = createDeliveries({ ...context, bell: database.bell })
  registerAgentBytes(app, { ...context, deliveries, limits: config.limits })

  // Agents were cut off with the last process: they get the time to come back before anybody takes their work.
  await requests.giveGrace()
  await app.listen({ port: config.port, host: config.host })
  // Not before the port is ours: a start that fails must not use up the one time at which the key is shown.
  const { admin, newKey } = await bootstrapAdmin({ ...context, secret: config.bootstrapApiKey })
  closing(
    opened,
    serveAgentSockets(app.server, {
      ...context,
      reach: createReached(config.trustProxy),
      checkHost: createHostCheck(knownHosts(config)),
      bell: database.bell,
      leaseMs,
      takesUploads: store.uploads !== undefined,
      edge,
      now: () => database.clock.now()
    })
  )
  opened.defer(async () => {
    // Agents go on delivering meanwhile, so most waiting callers still get their images.
    const told = setTimeout(() => stopping.abort(), drainTimeoutMs)
    await Promise.allSettled([callers.none(), left])
    clearTimeout(told)
    stopping.abort()
  })
  closing(
    opened,
    startDispatcher({
      ...context,
      limits: config.limits,
      slots: {
        runningByUser: () => registry.runningByUser(),
        // An image that could not be stored is better not begun.
        freeServices: () => (diskRoom.isShort() ? [] : registry.freeServices())
      }
    })
  )
  const keeper = closing(meanwhile, keepSessions({ ...context, bell: database.bell, clock: database.clock, leaseMs }))
  closing(
    meanwhile,
    startWebhookDelivery({
      database,
      logger,
      send: createWebhookSender({
        userAgent: `inference-club/${VERSION}`,
        allowPrivateAddresses: () => config.webhookPrivateAddresses
      })
    })
  )
  closing(meanwhile, startBackground({ ...context, keeper, clock, sweeper }))

  const { address, port } = app.server.address() as AddressInfo
  const url = localUrl({ host: address, port })
  const { storage = ON_DISK, storageFrom } = config
  await leaveGatewayAddress(dataDir, {
    url,
    ...(publicUrl !== undefined && { publicUrl }),
    storage,
    ...(storageFrom !== undefined && { storageFrom })
  }).catch((error: unknown) => {
    // The disk may be full, which is no reason not to serve what there is.
    logger.warn({ err: error }, 'commands on this machine are not told the address')
  })
  opened.defer(() => {
    draining = true
  })
  firstStart.succeed()
  const running = opened.move()
  const close = (leaving: Promise<unknown> = Promise.resolve()) => {
    left = leaving
    return running.disposeAsync()
  }
  return { url, context, ...(admin && { admin }), ...(newKey && { newKey }), close }
}

/** Has something closed with the stack, before all that the stack was given earlier. */
const closing = <T extends { close(): unknown }>(stack: AsyncDisposableStack, opened: T): T =>
  stack.adopt(opened, async () => {
    await opened.close()
  })
