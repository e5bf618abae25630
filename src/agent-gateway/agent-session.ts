import { isDeepStrictEqual } from 'node:util'
import type { WebSocket } from 'ws'
import type { ServiceSlots } from '../dispatch/slot-source.ts'
import type { Feature } from '../images/image-request.ts'
import type { Principal } from '../lib/principal.ts'
import type { AgentMessage, GatewayMessage, ServiceDeclaration } from '../protocol/messages.ts'
import { inventoryBytes, MAX_INVENTORY_BYTES, type ServiceInventory } from '../protocol/service-inventory.ts'
import type { Assignment } from '../requests/claim-tasks.ts'
import type { AgentConnected, ResumedAttempt } from '../requests/connect-agent.ts'
import type { LiveProgress } from '../request-views/live-progress.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import { hearOfAttempt, PLACE_FREED } from '../requests/bell-hints.ts'
import { HELD } from '../requests/request-states.ts'
import type { AttemptProgress } from '../requests/attempt-store.ts'
import type { Bell } from '../db/bell.ts'
import { inBackground } from '../lib/async.ts'
import type { Logger } from '../lib/logger.ts'
import type { OfferWish } from '../providers/service-offers-store.ts'
import type { WarmWish } from '../providers/service-warms-store.ts'
import { FIRST_LOOK_WITHIN_MS } from '../providers/pause-store.ts'
import type { ServiceCondition } from '../providers/service-condition-store.ts'
import { conditionOf, failureOf, loadedOf, percentOf, usableOf } from './agent-reports.ts'
import { type HeldSlot, HeldSlots } from './held-slots.ts'
import { inspectPreview } from './inspect-preview.ts'
import { LoadedModels } from './loaded-models.ts'
import { SessionCaps } from './session-caps.ts'
import { SessionNotes } from './session-notes.ts'
import { SessionOffers } from './session-offers.ts'
import { SessionWarms } from './session-warms.ts'

export type Hello = Extract<AgentMessage, { type: 'agent.hello' }>

/** A service of its agent. */
interface SessionService {
  declaration: ServiceDeclaration
  id: string
  /** Those of the agent's file. */
  models: Map<string, Feature[]>
}

export interface SessionParts {
  requests: Pick<RequestLifecycle, 'fail' | 'findAttempt' | 'disconnectAgent' | 'startStandby' | 'releaseStandby'>
  live: LiveProgress
  bell: Bell
  /** UTC milliseconds. */
  now: () => number
  logger: Logger
}

/** One live WebSocket of one agent, after its hello was accepted. */
export class AgentSession {
  readonly principal: Principal
  readonly providerId: string
  readonly epoch: number
  readonly name: string
  /** By attempt, what is not yet written down. */
  readonly unsavedProgress = new Map<string, AttemptProgress>()
  /** By service, how its image server was found last; what is not yet written down, and whether any of it is the first that is told. */
  readonly unsavedStates = new Map<string, ServiceCondition>()
  hasFirstStates = false
  /** By service, what its image server has; what is not yet written down. */
  readonly unsavedInventories = new Map<string, ServiceInventory>()
  /** What its owner wishes that it offers beside what its file says, and has loaded. */
  readonly offers = new SessionOffers()
  readonly warms = new SessionWarms(this.offers)
  /** What its agent knows of how its provider stands and of caps, if it is of a version that `hears` of them. */
  readonly notes: SessionNotes
  readonly caps: SessionCaps
  readonly loaded = new LoadedModels()
  readonly #parts: SessionParts
  readonly #socket: WebSocket
  readonly #silentForMs: () => number
  readonly #services: SessionService[]
  /** By service, how its image server was found last. */
  readonly #states = new Map<string, ServiceCondition>()
  /** Its agent says of each service how it finds it. */
  readonly #probes: boolean
  readonly #openedAt = performance.now()
  readonly #held = new HeldSlots()
  readonly #accepts: readonly string[]
  #draining = false
  #ended = false

  constructor(
    parts: SessionParts,
    connection: {
      socket: WebSocket
      principal: Principal
      hello: Hello
      agent: AgentConnected
      /** For how long nothing has come from the agent. */
      silentForMs: () => number
    }
  ) {
    const { hello, agent } = connection
    this.#parts = parts
    this.#socket = connection.socket
    this.#silentForMs = connection.silentForMs
    this.principal = connection.principal
    this.providerId = agent.providerId
    this.epoch = agent.epoch
    this.name = hello.name
    this.#accepts = hello.accepts ?? []
    this.#probes = hello.probes === true
    this.notes = new SessionNotes(agent)
    this.caps = new SessionCaps(parts.now)
    this.#services = hello.services
      .filter((service) => service.type === 'image')
      .map((declaration) => ({
        declaration,
        id: agent.serviceIds.get(declaration.name) ?? '',
        models: new Map(declaration.models.map((model) => [model.id, model.features]))
      }))
  }

  /** Takes back the slots of attempts that a reconnected agent goes on with. */
  resume(attempts: readonly ResumedAttempt[]): void {
    for (const { id, request_id: requestId, service_id: serviceId, state, held, ...same } of attempts) {
      const standby = { class: same.class, isShare: false, isAhead: held === HELD.ahead }
      this.#hold(id, { ...same, requestId, serviceId, ...(state === 'standby' && { standby }) })
    }
    for (const { id } of this.#services) this.#promote(id)
  }

  get silentForMs(): number {
    return this.#silentForMs()
  }

  /** It finishes what it runs and takes no more: nobody should wait for it. */
  get draining(): boolean {
    return this.#draining
  }

  /** Whether its agent is of a version that understands messages of this type. */
  hears(type: GatewayMessage['type']): boolean {
    return this.#accepts.includes(type)
  }

  /** What its owner wishes that it offers; the agent hears of a change, if it is of a version that listens. */
  noteWishes(wishes: readonly OfferWish[]): void {
    if (!this.hears('service.offer')) return
    for (const wish of wishes) {
      const service = this.#services.find(({ id }) => id === wish.serviceId)
      if (!service || !this.offers.ask(wish, service.declaration.models)) continue
      const { revision, wanted } = wish
      this.send({ type: 'service.offer', service: service.declaration.name, revision, models: wanted })
    }
    this.offers.giveUpLate()
  }

  /** Which models its owner wishes to have loaded; the agent hears of each wish, if it is of a version that listens. */
  noteWarms(wishes: readonly WarmWish[]): void {
    const canBeAsked = this.hears('service.warm')
    for (const word of this.warms.ask(wishes, { services: this.#services, canBeAsked })) this.send(word)
  }

  freeServices(): ServiceSlots[] {
    if (this.#draining || this.#ended || this.#socket.readyState !== this.#socket.OPEN) return []
    return this.#services.flatMap(({ declaration, id, models }) => {
      const { isOpen, ...places } = this.#held.placesOf({ id, declaration }, this.principal.userId)
      const usable = this.#usableModels({ id, models: this.#offered({ id, models }) })
      if (!isOpen || usable.size === 0) return []
      const loaded = this.loaded.of(id)
      return [
        {
          serviceId: id,
          providerId: this.providerId,
          epoch: this.epoch,
          ownerId: this.principal.userId,
          models: usable,
          ...places,
          ...(loaded && { loaded }),
          assign: (assignment: Assignment, given: { isShare: boolean }) =>
            this.#assign(declaration.name, assignment, given)
        }
      ]
    })
  }

  /** What may be asked of a service, as far as its agent has said how it finds its image server, or will any moment. */
  #usableModels({ id, models }: Pick<SessionService, 'id' | 'models'>): Map<string, Feature[]> {
    const isAwaited = this.#probes && performance.now() - this.#openedAt < FIRST_LOOK_WITHIN_MS
    return usableOf(models, { state: this.#states.get(id), isAwaited })
  }

  runningUsers(): string[] {
    return [...this.#held.values()].map((slot) => slot.userId)
  }

  heldAttempts(): string[] {
    return [...this.#held.keys()]
  }

  /** What it makes and of which its engine has told no step. */
  silentAttempts(): string[] {
    return this.#held.silent()
  }

  /** Tells how far one of them is likely to be. */
  tellEstimate(attemptId: string, percent: number): void {
    const slot = this.#held.get(attemptId)
    if (!slot || slot.firstStepAt !== undefined) return
    this.#parts.live.publish(slot, { type: 'progress', position: slot.position, step: 0, steps: 0, estimated: percent })
  }

  async handle(message: Exclude<AgentMessage, Hello>): Promise<void> {
    switch (message.type) {
      case 'agent.heartbeat':
        return
      case 'agent.draining':
        this.#draining = true
        // It begins none of that any more: others need not wait until they are idle.
        for (const id of this.#held.unbegun()) await this.#parts.requests.releaseStandby(id)
        return this.#parts.requests.disconnectAgent(this, { voided: false })
      case 'attempt.ready':
        return this.#start(message.attempt_id, { isAhead: message.ahead === true })
      case 'attempt.begun':
        if (this.#held.get(message.attempt_id)?.standby) await this.#start(message.attempt_id)
        return
      case 'attempt.progress': {
        const slot = this.#held.get(message.attempt_id)
        if (!slot || slot.standby) return
        const { step, steps } = message
        slot.firstStepAt ??= this.#parts.now()
        this.unsavedProgress.set(message.attempt_id, { percent: percentOf(message), firstStepAt: slot.firstStepAt })
        this.#parts.live.publish(slot, { type: 'progress', position: slot.position, step, steps })
        return
      }
      case 'attempt.preview': {
        const slot = this.#held.get(message.attempt_id)
        if (!slot || slot.standby) return
        const mediaType = inspectPreview(message.b64_json)
        if (mediaType === undefined) return
        this.#parts.live.publish(slot, { type: 'preview', position: slot.position, mediaType, b64: message.b64_json })
        return
      }
      case 'attempt.failed': {
        const attempt = await this.#parts.requests.findAttempt(message.attempt_id, message.token)
        if (attempt) this.#held.noteRefused(message.attempt_id)
        const slot = this.#held.get(message.attempt_id)
        // It has ended there, and need not be told so. Its place is free when it is known whether the service is to be left alone.
        if (slot) slot.stopping = true
        if (attempt) await this.#parts.requests.fail(attempt, failureOf(message, this.#states.get(attempt.service_id)))
        return this.#release(message.attempt_id)
      }
      case 'service.state': {
        const service = this.#named(message.service)
        if (!service) return
        const offered = this.#offered(service)
        const condition = conditionOf(message, offered)
        const loaded = loadedOf(message, { condition, models: offered })
        if (loaded) this.loaded.set(service.id, loaded)
        const before = this.#states.get(service.id)
        if (before && isDeepStrictEqual(before, condition)) return
        this.#states.set(service.id, condition)
        this.unsavedStates.set(service.id, condition)
        this.hasFirstStates ||= before === undefined
        this.#parts.bell.ring('tasks')
        return
      }
      case 'service.inventory': {
        const service = this.#named(message.service)
        if (service && inventoryBytes(message) <= MAX_INVENTORY_BYTES) this.unsavedInventories.set(service.id, message)
        return
      }
      case 'service.offered':
        return this.offers.hear(this.#named(message.service)?.id ?? '', message)
      case 'service.warmed':
        for (const loaded of this.warms.hear(this.#named(message.service)?.id ?? '', message)) this.#noteLoaded(loaded)
        return
      case 'attempt.stopped': {
        const wasRefused = this.#held.noteRefused(message.attempt_id)
        this.#release(message.attempt_id)
        if (wasRefused) await this.#parts.requests.releaseStandby(message.attempt_id)
        return
      }
    }
  }

  /** Looks whether an attempt of this session still counts, unless its image is known to be made (`isMade`); when it does not, the agent is told. */
  async check(attemptId: string, isMade = false): Promise<void> {
    const slot = this.#held.get(attemptId)
    if (!slot || slot.stopping) return
    if (isMade) return this.#release(attemptId)
    const attempt = await this.#parts.requests.findAttempt(attemptId)
    if (attempt?.state === 'standby') return this.#promote(slot.serviceId)
    if (attempt?.state === 'running' || attempt?.state === 'lapsed') return
    if (attempt?.state === 'succeeded') return this.#release(attemptId)
    this.#cancel(attemptId, slot)
  }

  send(message: GatewayMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  /** The socket is gone: nothing is held any more, the leases decide. */
  end(): void {
    for (const slot of this.#held.values()) this.#letGo(slot)
    this.#held.clear()
    this.#ended = true
  }

  #assign(service: string, assignment: Assignment, { isShare }: { isShare: boolean }): void {
    if (this.#ended) return // The socket closed during the claim: the lease decides, as for all that was held.
    const { requestId, userId, position, serviceId, model, taskClass, isStandby = false } = assignment
    const standby = isStandby && { standby: { class: taskClass, isShare } }
    this.#hold(assignment.attemptId, { requestId, userId, position, serviceId, model, ...standby })
    if (!isStandby) this.#noteLoaded(assignment)
    this.send({
      type: 'attempt.assigned',
      attempt_id: assignment.attemptId,
      token: assignment.token,
      service,
      model: assignment.model,
      task: assignment.task,
      ...(isStandby && { standby: true })
    })
    // A place may have become free meanwhile, or the agent have left.
    if (isStandby && this.#draining) {
      this.#inBackground(this.#parts.requests.releaseStandby(assignment.attemptId), assignment.attemptId)
    } else if (isStandby) this.#promote(serviceId)
  }

  /** What stands by begins where there is a place for it, whether or not the agent asks. */
  #promote(serviceId: string): void {
    const service = this.#services.find(({ id }) => id === serviceId)
    if (!service || this.#draining || this.#ended) return
    for (const id of this.#held.startable(service)) this.#inBackground(this.#start(id), id)
  }

  /**
   * Lets what stands by begin, or be put into the queue of its image server (`isAhead`), and says so; also of what has begun, for the
   * word of it may have been lost.
   */
  async #start(attemptId: string, { isAhead = false }: { isAhead?: boolean } = {}): Promise<void> {
    const slot = this.#held.get(attemptId)
    if (!slot || slot.stopping) return
    const { standby } = slot
    // It has its place from now on, or the one behind it.
    if (!isAhead) delete slot.standby
    else if (standby) slot.standby = { ...standby, isAhead }
    const isStarted = await this.#parts.requests.startStandby(attemptId, { isAhead }).catch((error: unknown) => {
      if (standby) slot.standby = standby
      throw error
    })
    if (!isStarted) return this.#cancel(attemptId, slot)
    this.#noteLoaded(slot)
    this.send({ type: 'attempt.start', attempt_id: attemptId })
  }

  #cancel(attemptId: string, slot: HeldSlot): void {
    if (slot.stopping) return
    slot.stopping = true
    this.send({ type: 'attempt.cancel', attempt_id: attemptId })
  }

  #named(name: string) {
    return this.#services.find(({ declaration }) => declaration.name === name)
  }

  #noteLoaded({ serviceId, model }: Pick<Assignment, 'serviceId' | 'model'>): void {
    const service = this.#services.find(({ id }) => id === serviceId)
    if (service && this.#offered(service).has(model)) this.loaded.noteGiven(service, model)
  }

  /** What its file offers, and what its owner has it offer beside that. */
  #offered({ id, models }: Pick<SessionService, 'id' | 'models'>): Map<string, Feature[]> {
    return this.offers.addTo(models, id)
  }

  #hold(attemptId: string, slot: Omit<HeldSlot, 'stopping' | 'forget'>): void {
    const look = (isMade: boolean) => this.#inBackground(this.check(attemptId, isMade), attemptId)
    const forget = hearOfAttempt(this.#parts.bell, { requestId: slot.requestId, attemptId }, look)
    this.#held.set(attemptId, { ...slot, stopping: false, forget })
  }

  /** What fails is looked at again with the next renewal of the leases. */
  #inBackground(work: Promise<unknown>, attempt: string): void {
    inBackground(work, (error) => this.#parts.logger.warn({ err: error, attempt }, 'an attempt could not be looked at'))
  }

  #release(attemptId: string): void {
    const slot = this.#held.get(attemptId)
    if (slot) this.#letGo(slot)
    this.unsavedProgress.delete(attemptId)
    if (!this.#held.delete(attemptId)) return
    if (slot) this.#promote(slot.serviceId)
    this.#parts.bell.ring('tasks', PLACE_FREED)
  }

  #letGo(slot: HeldSlot): void {
    slot.forget()
    this.#parts.live.forget(slot)
  }
}
