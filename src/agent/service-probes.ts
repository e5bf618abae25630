import { isDeepStrictEqual } from 'node:util'
import { EngineError } from '../engines/engine.ts'
import type { Inventory } from '../engines/inventory.ts'
import { takesConnections } from '../engines/server-look.ts'
import { inBackground, sleep, withJitter } from '../lib/async.ts'
import type { Logger } from '../lib/logger.ts'
import type { NODE_FAULTS } from '../protocol/messages.ts'
import type { ServiceInventory } from '../protocol/service-inventory.ts'
import { type AgentService, idsOfLoaded } from './agent-services.ts'
import { explainServer, findNoConnection, isOneOutage } from './explain-server.ts'
import { isAmong, missingFrom, RefusedModels } from './missing-models.ts'
import { nextPause, type ProbeTimes, USUAL_TIMES } from './probe-times.ts'
import {
  type Doubt,
  type Finding,
  hanging,
  hasShortLook,
  noAnswer,
  type Probe,
  type Problem,
  type ServiceState,
  servicesBeside,
  stateOf,
  type Unreached
} from './server-finding.ts'
import { createAdvising } from './tell-advice.ts'
import { isSameInventory, tellInventory } from './tell-inventory.ts'
import { watchServers } from './watch-servers.ts'

/** Of asking what an image server has: they say what they say. */
const TELLING_FAULTS = ['busy', 'model_missing'] as const satisfies (typeof NODE_FAULTS)[number][]

/** Agents that ask one image server are not to meet it together when it is back. */
const JITTER = 0.3

export interface ServiceProbesParts {
  onState: (state: ServiceState) => void
  onInventory: (inventory: ServiceInventory) => void
  /** Of this service it is known anew what its image server has, which is told next. */
  onFound?: (service: string) => void
  /** Whether a service makes images: then it is not looked at without need. */
  isBusy: (service: string) => boolean
  logger: Logger
  times?: Partial<ProbeTimes> | undefined
  /** What tells whether anything takes connections at an address; by default a connection. */
  takesConnections?: typeof takesConnections
}

/**
 * The one place that asks whether image servers are there. Each is asked at the start, after a fault that makes it
 * doubtful, when nothing takes connections at its address any more, and now and then while it does nothing; one that is bad is asked
 * again until it is good. What is found is told; what follows from it is the gateway's.
 */
export class ServiceProbes {
  readonly #parts: ServiceProbesParts & { times: ProbeTimes; takesConnections: typeof takesConnections }
  #states = new Map<string, ServiceState>()
  #inventories = new Map<string, ServiceInventory>()
  #found = new Map<string, Inventory>()
  #services: ReadonlyMap<string, AgentService> = new Map()
  #running = new Map<string, Promise<void>>()
  #round = new AbortController()
  /** Services whose image servers are looked at now and then. */
  #lookedAt = new Set<string>()
  /** Services whose image servers have answered with a list that is looked at often. */
  #listing = new Set<string>()
  /** Services whose image servers have not been found to be anything yet. */
  #unfound = new Set<string>()
  #allFound = Promise.withResolvers<undefined>()
  /** By service, models of which its image server has said to somebody that it lacks them. */
  #lacked = new Map<string, RefusedModels>()
  /** Attempts of which it will be told why they failed, once it is known how their image server is. */
  readonly #unreached = new Map<string, Unreached>()
  /** Services whose image servers were silent when they had an image to make, and have answered nothing since. */
  #silenced = new Set<string>()
  /** By service, what waits until it is told how its image server is. */
  readonly #noted = new Map<string, PromiseWithResolvers<undefined>>()
  readonly #advise: ReturnType<typeof createAdvising>
  /** Services of which there was a reason to ask since it was said last how their image servers are. */
  #doubted = new Set<string>()
  /** Services whose image servers have answered. */
  #answered = new Set<string>()
  /** By service whose image server was not there, or not any more, when it was last asked: the code of what was said of that. */
  #cutOff = new Map<string, string>()
  /** By service, what ends the pause before its bad image server is asked again. */
  #pauses = new Map<string, AbortController>()

  constructor(parts: ServiceProbesParts) {
    this.#advise = createAdvising(parts.logger)
    this.#parts = { takesConnections, ...parts, times: { ...USUAL_TIMES, ...parts.times } }
  }

  /** Asks the image servers of these services, instead of all before. */
  start(services: ReadonlyMap<string, AgentService>): void {
    this.close()
    this.#round = new AbortController()
    this.#services = services
    this.#states = new Map()
    this.#inventories = new Map()
    this.#found = new Map()
    this.#running = new Map()
    this.#listing = new Set()
    const asked = [...services].filter(([, { engine }]) => engine !== undefined)
    this.#lookedAt = new Set(asked.flatMap(([name, { config }]) => (config.url === undefined ? [] : [name])))
    this.#unfound = new Set(asked.map(([name]) => name))
    this.#allFound = Promise.withResolvers()
    if (this.#unfound.size === 0) this.#allFound.resolve(undefined)
    this.#doubted = new Set()
    this.#silenced = new Set()
    this.#answered = new Set()
    this.#cutOff = new Map()
    this.#pauses = new Map()
    this.#unreached.clear()
    this.#lacked = new Map([...services.keys()].map((name) => [name, new RefusedModels()]))
    for (const name of services.keys()) this.check(name)
    const { isBusy, logger, times } = this.#parts
    const urls = new Map([...services].flatMap(([name, { config }]) => (config.url ? [[name, config.url]] : [])))
    const watching = watchServers({
      urls,
      everyMs: times.watchEveryMs,
      isBusy,
      onGone: (name) => this.#checkGone(name),
      onBack: (name) => this.#pauses.get(name)?.abort(),
      signal: this.#round.signal
    })
    const looks = [
      this.#lookAround(times.lookEveryMs, this.#lookedAt),
      this.#lookAround(times.lookAtListEveryMs, this.#listing)
    ]
    for (const look of [...looks, watching]) {
      inBackground(look, (error) => logger.error({ err: error }, 'image servers are not looked at'))
    }
  }

  /** Asks one now, unless that is going on; false: there is none of that name to be asked. */
  check(name: string, { lackedModel, unreached }: Doubt = {}): boolean {
    if (lackedModel !== undefined) this.#lacked.get(name)?.add(lackedModel)
    this.#doubted.add(name)
    this.#begin(name)
    const isAsked = this.#running.has(name)
    if (unreached && isAsked) this.#unreached.set(name, unreached)
    return isAsked
  }

  /**
   * The same of one that has kept an image for too long, or of which nothing was heard any more: if it does not answer now it hangs,
   * whatever else it makes. Resolves when that is known and told: true when nothing can be had of it.
   */
  async checkSilent(name: string): Promise<boolean> {
    const round = this.#round
    if (this.#checkWhetherHangs(name)) {
      const noted = this.#noted.get(name) ?? Promise.withResolvers<undefined>()
      this.#noted.set(name, noted)
      await Promise.race([noted.promise, this.#running.get(name)])
    }
    // All are asked anew.
    if (round !== this.#round) return this.checkSilent(name)
    return this.#states.get(name)?.fault === 'unreachable'
  }

  #checkWhetherHangs(name: string): boolean {
    this.#silenced.add(name)
    const isAsked = this.check(name)
    this.#pauses.get(name)?.abort()
    return isAsked
  }

  #checkGone(name: string): void {
    this.check(name)
    // It was bad for another reason, which has passed.
    if (!this.#cutOff.has(name)) this.#pauses.get(name)?.abort()
  }

  /** Whether a server that was good is asked without a reason. */
  #isLook(name: string): boolean {
    return this.#states.get(name)?.state === 'ok' && !this.#doubted.has(name)
  }

  /** Whether an image is made at the image server of a service, for whichever of ours: it may answer nothing else meanwhile. */
  #isServerBusy(name: string): boolean {
    return [name, ...servicesBeside(this.#services, name)].some((one) => this.#parts.isBusy(one))
  }

  /** For whom it is so as well when it is for this service; what makes an image finds it out by itself. */
  #besides(name: string): string[] {
    return servicesBeside(this.#services, name).filter((other) => !this.#parts.isBusy(other))
  }

  #begin(name: string): void {
    const service = this.#services.get(name)
    if (!service?.engine || this.#running.has(name) || this.#round.signal.aborted) return
    const { signal } = this.#round
    const running = this.#running
    const probe = { name, service, engine: service.engine, signal }
    running.set(
      name,
      this.#untilGood(probe).finally(() => running.delete(name))
    )
  }

  /** What an image server has, and whom it lets in, changes when its owner uses it; one whose look is long is left in peace. */
  async #lookAround(everyMs: number, services: ReadonlySet<string>): Promise<void> {
    const { signal } = this.#round
    for (;;) {
      await sleep(withJitter(everyMs, 0.1), signal).catch(() => undefined) // It is looked at next.
      if (signal.aborted) return
      for (const name of services) if (!this.#isServerBusy(name)) this.#begin(name)
    }
  }

  /** What is known now, for a gateway that has just been reached. */
  states(): ServiceState[] {
    return [...this.#states.values()]
  }

  /** By service, ids of its models that cannot be made now, as soon as each image server has been asked. */
  async notMade(): Promise<ReadonlyMap<string, readonly string[]>> {
    await this.#allFound.promise
    return new Map(
      [...this.#states.values()].map(({ service, fault, missing = [] }) => [
        service,
        fault ? (this.#services.get(service)?.config.models ?? []).map(({ id }) => id) : missing
      ])
    )
  }

  /** What is known now of what they have, for the same. */
  inventories(): ServiceInventory[] {
    const told = [...this.#found.keys()].flatMap((name) => this.#inventoryOf(name) ?? [])
    this.#inventories = new Map(told.map((inventory) => [inventory.service, inventory]))
    return told
  }

  /** What the image server of a service was found to have last, offered or not. */
  foundOn(name: string): Inventory | undefined {
    return this.#found.get(name)
  }

  /** Tells what a service has if that is something new, as it is when it has come to offer something else. */
  tellAgain(name: string): void {
    const inventory = this.#inventoryOf(name)
    const known = this.#inventories.get(name)
    if (!inventory || (known && isSameInventory(known, inventory))) return
    this.#inventories.set(name, inventory)
    this.#parts.onInventory(inventory)
  }

  #inventoryOf(name: string): ServiceInventory | undefined {
    const [service, found] = [this.#services.get(name), this.#found.get(name)]
    return service && found && tellInventory(service, found)
  }

  /** What a service has made an image with it has loaded, for a gateway that is reached next; of one that never told that nothing is known. */
  noteMade(name: string, model: string): void {
    const [service, state] = [this.#services.get(name), this.#states.get(name)]
    const made = service?.config.models.find(({ id }) => id === model)
    if (!service || !made || !state?.loaded) return
    this.#states.set(name, { ...state, loaded: idsOfLoaded(service, (servedAs) => servedAs === made.servedAs) })
  }

  /** Whether the image server of a service has answered at its address, which is right then. */
  hasAnswered(name: string): boolean {
    return this.#answered.has(name)
  }

  /** Asks no more. */
  close(): void {
    this.#round.abort()
  }

  async #untilGood(probe: Probe): Promise<void> {
    const { times } = this.#parts
    let since = performance.now()
    // One that had no time gets more of it until it has said what it is, lest it be found otherwise each time.
    let isPatient = false
    let hung = false
    for (let pause = 0; ;) {
      const asked = await this.#ask(probe, { isPatient: isPatient && !this.#silenced.has(probe.name) })
      if (probe.signal.aborted) return
      if (!asked.isSlow) this.#silenced.delete(probe.name)
      const isSilenced = this.#silenced.has(probe.name)
      const isSilent = asked.isSlow === true && (isSilenced || !this.#isServerBusy(probe.name))
      // Of one that hangs for long even the room for connections is full.
      const hangs: boolean =
        (isSilent && (isPatient || isSilenced)) || (hung && findNoConnection(asked.error) === 'ETIMEDOUT')
      isPatient = isSilent || (isPatient && asked.summary === undefined)
      // One that was good, is looked at without need and has no time at the moment works for its owner, or for us; before it is said to
      // hang it gets a longer one. What was said of a bad one is not true any more when it is found otherwise.
      if (asked.isSlow && !hangs && this.#isLook(probe.name)) {
        if (isSilent) continue
        return
      }
      const finding = hangs ? { ...asked, ...hanging(probe.service.config) } : asked
      this.#note(probe, finding)
      if (hangs && !hung) this.#besides(probe.name).forEach((other) => this.#checkWhetherHangs(other))
      hung = hangs
      if (finding.inventory) this.#noteFound(probe.name, finding.inventory)
      if (finding.advice !== undefined)
        this.#advise(probe.name, { url: probe.service.config.url, text: finding.advice })
      if (finding.problem === undefined) return
      const isSlow = finding.isSlow === true
      pause = nextPause(times, { pause, badForMs: performance.now() - since, isSlow, hangs })
      pause = Math.max(pause, Math.min(finding.error?.retryAfterMs ?? 0, times.longestPauseMs))
      const end = new AbortController()
      this.#pauses.set(probe.name, end)
      const signal = AbortSignal.any([probe.signal, end.signal])
      await sleep(withJitter(pause, JITTER), signal).catch(() => undefined) // The signals are looked at next.
      if (probe.signal.aborted) return
      // It is being started, which may take it a while yet.
      if (end.signal.aborted) [pause, since] = [0, performance.now()]
    }
  }

  async #ask({ name, engine, signal, ...probe }: Probe, { isPatient }: { isPatient: boolean }): Promise<Finding> {
    const { withinMs, patientMs } = this.#parts.times
    const within = AbortSignal.timeout(isPatient ? patientMs : withinMs)
    const isBelieved = probe.service.config.checkModels !== false
    try {
      const description = await engine.describe(AbortSignal.any([within, signal]), { isLook: this.#isLook(name) })
      const { models, summary, doubt, loaded, takes, inventory, advice } = description
      // What it offers may be otherwise by now.
      const service = this.#services.get(name) ?? probe.service
      this.#answered.add(name)
      if (models.length > 0 && hasShortLook(service.config)) this.#listing.add(name)
      else this.#listing.delete(name)
      if (doubt) return { summary, problem: { text: doubt.message }, error: doubt }
      const lacked = this.#lacked.get(name)?.by(models) ?? new Set<string>()
      const problem = isBelieved ? missingFrom(description, service, lacked) : undefined
      return {
        summary,
        ...(problem && { problem }),
        ...(loaded && { loaded: idsOfLoaded(service, (name) => isAmong(loaded)(name) || takes?.(name) === true) }),
        ...(inventory && { inventory }),
        ...(advice !== undefined && { advice })
      }
    } catch (thrown) {
      const { url } = probe.service.config
      const isOff = within.aborted && url !== undefined && !(await this.#parts.takesConnections(url, signal))
      // One that works on an image may have no time for this.
      if (within.aborted && !isOff)
        return { problem: { text: 'The image server does not answer in time.' }, isSlow: true }
      const error = isOff ? noAnswer() : thrown
      const unreadable = 'The image server gave an answer that cannot be read.'
      // Of one that does not even tell what it has nothing can be had, whatever is wrong with it, unless it has no time.
      const withFault = (text: string, fault: Problem['fault'] = 'unreachable') => ({
        text,
        ...(isBelieved && { fault })
      })
      if (!(error instanceof EngineError)) return { problem: withFault(unreadable) }
      if (error.fault !== 'unreachable') this.#answered.add(name)
      const fault = TELLING_FAULTS.find((one) => one === error.fault)
      return { problem: withFault(error.message, fault), error }
    }
  }

  #noteFound(name: string, inventory: Inventory): void {
    this.#found.set(name, inventory)
    this.#parts.onFound?.(name)
    this.tellAgain(name)
  }

  #note({ name, service }: Probe, finding: Finding): void {
    const { problem, error, summary, loaded } = finding
    const { onState, logger, times } = this.#parts
    const explain = (what: { text: string; error?: unknown }) =>
      explainServer({ url: service.config.url, hasAnswered: this.hasAnswered(name), ...what })
    const unreached = this.#unreached.get(name)
    this.#unreached.delete(name)
    this.#doubted.delete(name)
    const cutOff = { before: this.#cutOff.get(name), now: findNoConnection(error) }
    const isSameOutage = isOneOutage(cutOff, { hasAnswered: this.hasAnswered(name) })
    if (cutOff.now === undefined) this.#cutOff.delete(name)
    else if (!isSameOutage) {
      this.#cutOff.set(name, cutOff.now)
      this.#besides(name).forEach((other) => this.check(other))
    }
    const before = this.#states.get(name)
    const state = stateOf(name, finding, before)
    const isOther = !before || !isDeepStrictEqual({ ...before, loaded: undefined }, { ...state, loaded: undefined })
    this.#states.set(name, state)
    if (this.#unfound.delete(name) && this.#unfound.size === 0) this.#allFound.resolve(undefined)
    // What is loaded the gateway knows better after each image that it has made, until it is told again.
    if (isOther || loaded) onState(state)
    this.#noted.get(name)?.resolve(undefined)
    this.#noted.delete(name)
    // What is said of a server that has gone is reason enough.
    if (unreached && error?.fault !== 'unreachable') {
      const { attempt, text: why, error: cause } = unreached
      const what = explain({ text: why, error: cause })
      logger.warn({ attempt, fault: 'unreachable', service: name }, `${name}: an image was not made: ${what}`)
    }
    if (isSameOutage || (!isOther && cutOff.now === cutOff.before)) return
    if (problem) {
      const what = explain({ text: state.text, error })
      const again = `The agent asks again, every ${times.longestPauseMs / 1000} s at the latest.`
      logger.warn({ service: name }, `${name}: ${what} ${again}`)
    } else logger.info({ service: name }, `${name}: the image server answers${before ? ' again' : ''}: ${summary}`)
  }
}
