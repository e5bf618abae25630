import type { AgentConfig } from '../config/agent-config.ts'
import type { createEngine } from '../engines/engine-registry.ts'
import { inBackground, sleep } from '../lib/async.ts'
import type { Logger } from '../lib/logger.ts'
import { VERSION } from '../lib/version.ts'
import { type GatewayMessage, PROTOCOL_VERSION } from '../protocol/messages.ts'
import type { ServiceInventory } from '../protocol/service-inventory.ts'
import { type AgentService, createServices, declarationOf } from './agent-services.ts'
import { type AgentLimits, AttemptRunner } from './attempt-runner.ts'
import { CapNotes } from './cap-notes.ts'
import { DirectUploads } from './direct-uploads.ts'
import { GatewayLink } from './gateway-link.ts'
import { OwnerNotes } from './owner-notes.ts'
import { OwnerOffers } from './owner-offers.ts'
import { OwnerWarms } from './owner-warms.ts'
import { GatewayTransfers, type TransferPatience } from './gateway-transfers.ts'
import type { ProbeTimes } from './probe-times.ts'
import type { ServiceState } from './server-finding.ts'
import { ServiceProbes } from './service-probes.ts'

export const AGENT_LIMITS: AgentLimits = {
  maxImageBytes: 128 * 1024 ** 2,
  maxInputBytes: 512 * 1024 ** 2,
  maxPixels: 268_435_456,
  inputRoomBytes: 160 * 1024 ** 2
}
const inputRoomOf = ({ sourceMemoryBytes = AGENT_LIMITS.inputRoomBytes }: AgentConfig): number => sourceMemoryBytes
/** Only a gateway that understands `attempt.ready` has anything held ready. */
const OF_STANDBYS: readonly string[] = ['attempt.ready', 'attempt.begun']
const DRAIN_FOR_MS = 60_000
const CLEAR_WITHIN_MS = 10_000

export interface Agent {
  /** Resolves with the first welcome of the gateway. */
  online: Promise<void>
  /** Settles when the agent has stopped; rejects with `GatewayRefused`. */
  finished: Promise<void>
  /** Whether it makes or delivers an image. */
  readonly isBusy: boolean
  /** Takes over a changed `agent.yaml`; what runs goes on. Throws what is wrong with it. */
  reload(config: AgentConfig): Promise<void>
  /** Takes no more work, finishes what it runs within a minute, and leaves. */
  drain(): Promise<void>
  /** Leaves at once. */
  stop(): Promise<void>
}

export interface AgentOptions {
  config: AgentConfig
  logger: Logger
  /**
   * At each welcome of the gateway, with the configuration as it is then, once each image server has been asked whether it is there;
   * `notMade`: by service, ids of its models that cannot be made now.
   */
  onOnline?: (config: AgentConfig, notMade: ReadonlyMap<string, readonly string[]>) => void
  /** When and how image servers are asked whether they are there; `off`: never. */
  probing?: Partial<ProbeTimes> | 'off'
  /**
   * How patient it is with the bytes between agent and gateway; what is given counts in place of `TRANSFER_PATIENCE`.
   */
  patience?: Partial<TransferPatience>
  /** What makes engines in place of the registry. */
  createEngine?: typeof createEngine
}

/** Connects to the gateway and serves what the configuration declares. Throws `EngineOptionError`. */
export function runAgent(options: AgentOptions): Agent {
  const { logger } = options
  let config = options.config
  const making = { maxImageBytes: AGENT_LIMITS.maxImageBytes, create: options.createEngine }
  let ofFile = createServices(config, making)
  /** With what is offered beside it. */
  let services = new Map(ofFile)
  let draining = false
  const firstWelcome = Promise.withResolvers<undefined>()

  /** Types of messages that this gateway understands, besides those of the protocol's first version. */
  let accepts: readonly string[] = []
  let takesUploads = false
  const tell = (state: ServiceState) => {
    if (!accepts.includes('service.state')) return
    const { missing, loaded, ...same } = state
    link.send({
      type: 'service.state',
      ...same,
      ...(missing && { models_missing: [...missing] }),
      ...(loaded && { models_loaded: [...loaded] })
    })
  }
  const tellFound = (inventory: ServiceInventory) => {
    if (accepts.includes('service.inventory')) link.send(inventory)
  }
  const times = options.probing === 'off' ? undefined : (options.probing ?? {})
  const probes =
    times &&
    new ServiceProbes({
      onState: tell,
      onInventory: tellFound,
      onFound: (service) => offers.review(service),
      isBusy: (service) => runner.isBusyWith(service),
      logger,
      times
    })

  const offers: OwnerOffers = new OwnerOffers({
    ofFile: () => ofFile,
    offer: (name, models) => {
      const service = ofFile.get(name)
      if (!service) return
      const all = [...service.config.models, ...models]
      services.set(name, { ...service, config: { ...service.config, models: all } })
      probes?.tellAgain(name)
    },
    foundOn: (name) => probes?.foundOn(name),
    send: (answer) => link.send(answer)
  })

  const transfers = new GatewayTransfers(options.patience)

  const runner: AttemptRunner = new AttemptRunner({
    gateway: config.gateway,
    transfers,
    uploads: new DirectUploads({ transfers, isOffered: () => takesUploads, logger }),
    serviceOf: (name) => services.get(name),
    lorasOn: (name) => probes?.foundOn(name)?.loras,
    hasAnswered: (name) => probes?.hasAnswered(name) ?? false,
    // Another gateway may have taken the place of the one that asked.
    send: (message) => (!OF_STANDBYS.includes(message.type) || accepts.includes(message.type)) && link.send(message),
    onDoubt: (service, doubt) => probes?.check(service, doubt) ?? false,
    onMade: (service, model) => probes?.noteMade(service, model),
    onSilent: async (service) => (await probes?.checkSilent(service)) ?? false,
    makeRoom: () => warms.makeRoom(),
    limits: { ...AGENT_LIMITS, inputRoomBytes: inputRoomOf(config) },
    logger
  })
  const warms: OwnerWarms = new OwnerWarms({
    serviceOf: (name) => services.get(name),
    images: runner,
    // Of a server that tells what it has loaded that is told again.
    onWarmed: (service) => probes?.check(service),
    send: (answer) => link.send(answer),
    logger
  })
  const link: GatewayLink = new GatewayLink({
    gateway: config.gateway,
    apiKey: config.apiKey,
    hello: () => ({
      type: 'agent.hello',
      protocol: PROTOCOL_VERSION,
      name: config.name,
      agent_version: VERSION,
      services: draining ? [] : [...ofFile.values()].map(declarationOf),
      attempts: runner.heldAttempts(),
      accepts: ['provider.standing', 'provider.paused', 'provider.capped', 'service.offer', 'service.warm'],
      ...(probes && { probes: true })
    }),
    onMessage: (message) => handle(message),
    logger
  })
  const notes = new OwnerNotes(logger)
  const capNotes = new CapNotes({ hasService: (name) => services.has(name), logger })
  const handle = (message: GatewayMessage) => {
    switch (message.type) {
      case 'gateway.welcome':
        transfers.doubtOpen()
        accepts = message.accepts ?? []
        takesUploads = message.uploads === true
        offers.forget()
        probes?.states().forEach(tell)
        probes?.inventories().forEach(tellFound)
        // Of an image that took too long it counts whether its server hangs.
        runner.reconcile(message.gone)
        inBackground(tellOnline(config), (error) => logger.error({ err: error }, 'it cannot be told what is offered'))
        notes.welcome(message.note)
        firstWelcome.resolve(undefined)
        return
      case 'provider.standing':
        return notes.stands(message.note)
      case 'provider.paused':
        return notes.pauses(message.note)
      case 'provider.capped':
        // It comes after what is paused, and once on each connection at least.
        notes.hasHeardAll()
        return capNotes.hear(message)
      case 'service.offer':
        return offers.hear(message)
      case 'service.warm':
        return warms.hear(message)
      case 'attempt.assigned':
        return runner.start(message)
      case 'attempt.start':
        return runner.mayBegin(message.attempt_id)
      case 'attempt.cancel':
        return runner.cancelSoon(message.attempt_id)
    }
  }
  const tellOnline = async (welcomed: AgentConfig) => {
    const notMade = (await probes?.notMade()) ?? new Map<string, string[]>()
    if (welcomed === config) options.onOnline?.(config, notMade)
  }
  const stop = async () => {
    probes?.close()
    await Promise.all([warms.stopAll(), runner.stopAll()])
    transfers.close()
    link.close()
    await closeEngines(ofFile)
  }
  const finishRunning = async () => {
    while (runner.isBusy) await runner.settled()
  }
  // A gateway that will not have this agent will not have its images either.
  const finished = link.run().finally(() => {
    probes?.close()
    return Promise.all([warms.stopAll(), runner.stopAll()]).finally(() => transfers.close())
  })
  probes?.start(services)
  for (const { engine } of ofFile.values()) {
    // A server that cannot be asked keeps what it has, and ends it by itself.
    if (engine?.clearLeftovers)
      inBackground(engine.clearLeftovers(AbortSignal.timeout(CLEAR_WITHIN_MS)), () => undefined)
  }
  finished.catch((error: unknown) => firstWelcome.reject(error))
  // Whoever does not care about the first welcome must not crash of it.
  firstWelcome.promise.catch(() => undefined)

  return {
    online: firstWelcome.promise,
    finished,
    get isBusy() {
      return runner.isBusy
    },
    reload: async (changed) => {
      if (changed.gateway !== config.gateway || changed.apiKey !== config.apiKey) {
        throw new Error("a change of 'gateway' or 'api_key' needs a restart of the agent")
      }
      const replaced = ofFile
      ofFile = createServices(changed, making)
      services = new Map(ofFile)
      config = changed
      runner.resizeInputRoom(inputRoomOf(changed))
      runner.beginStandbys()
      probes?.start(services)
      link.reconnect()
      await Promise.all([warms.stopAll(), runner.settled()])
      await closeEngines(replaced)
    },
    drain: async () => {
      draining = true
      runner.drain()
      link.send({ type: 'agent.draining' })
      const done = new AbortController()
      await Promise.race([finishRunning(), sleep(DRAIN_FOR_MS, done.signal).catch(() => undefined)])
      done.abort()
      await stop()
    },
    stop
  }
}

async function closeEngines(services: ReadonlyMap<string, AgentService>): Promise<void> {
  for (const { engine } of services.values()) await engine?.close?.()
}
