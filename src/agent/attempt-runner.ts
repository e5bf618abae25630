import { Readable } from 'node:stream'
import { EngineError } from '../engines/engine.ts'
import { inBackground } from '../lib/async.ts'
import { releaseMemoryOf } from '../lib/release-bytes.ts'
import type { Logger } from '../lib/logger.ts'
import type { AgentMessage, AttemptFault, GatewayMessage } from '../protocol/messages.ts'
import type { AgentService } from './agent-services.ts'
import { failureOf, SLOT_PAUSE_MS, Stopped, TakenBack } from './attempt-failure.ts'
import { chooseExtras } from './choose-extras.ts'
import { deliverImage } from './deliver-image.ts'
import type { DirectUploads } from './direct-uploads.ts'
import { SeenPaces } from './expected-end.ts'
import { explainServer } from './explain-server.ts'
import type { GatewayTransfers } from './gateway-transfers.ts'
import { type Held, HeldAttempts } from './held-attempts.ts'
import type { Doubt } from './server-finding.ts'
import { inputBytesOf, InputRoom } from './input-room.ts'
import { makeImage } from './make-image.ts'
import { offeredModel } from './offered-model.ts'
import { openInput } from './open-input.ts'
import { prepareImage } from './prepare-image.ts'
import { type PreparedInputs, prepareInputs } from './prepare-inputs.ts'
import { asWhatIsOffered, toImageTask, withSpeltLoras } from './image-task.ts'
import { seedToTell, seedWarnings, sizeWarnings } from './tell-result.ts'

export type Assigned = Extract<GatewayMessage, { type: 'attempt.assigned' }>

export interface AttemptRunnerParts {
  gateway: string
  transfers: GatewayTransfers
  uploads: Pick<DirectUploads, 'bring'>
  /** The service of that name as configured now. */
  serviceOf: (name: string) => AgentService | undefined
  /** LoRAs that the image server of a service was found to have last; absent: it is not known. */
  lorasOn?: (service: string) => readonly string[] | undefined
  /** Whether the image server of a service has been reached at its address before. */
  hasAnswered?: (service: string) => boolean
  /** False when the socket is down and the message went nowhere. */
  send: (message: AgentMessage) => boolean
  /** Called when an image server may be gone, or has said that it lacks a model; true: it is looked at, and what was found is told. */
  onDoubt?: (service: string, doubt: Doubt) => boolean
  /** Called when a service has made an image of a model, by its id. */
  onMade?: (service: string, model: string) => void
  /**
   * Called when a service has kept an image for too long, or nothing is heard any more of its image server; resolves when that was
   * looked at and is told: true of one of which nothing can be had.
   */
  onSilent?: (service: string) => Promise<boolean>
  /** Called for each image before it is begun, which waits for it. */
  makeRoom?: () => Promise<void>
  limits: AgentLimits
  logger: Logger
}

export interface AgentLimits {
  maxImageBytes: number
  /** Of all source images and the mask of one attempt. */
  maxInputBytes: number
  /** Of those of all attempts together; what finds no room waits, and is not held ready. */
  inputRoomBytes: number
  maxPixels: number
}

const DOUBTFUL: readonly AttemptFault[] = ['unreachable', 'model_missing']
const OUTCOMES = {
  stored: 'an image was made',
  unwanted: 'an image was made that is not wanted any more'
}

/**
 * Runs attempts and keeps what they made until the gateway has it. The socket may come and go meanwhile: an attempt
 * belongs to the agent until its image is stored, its failure told, or the gateway says that it is not wanted.
 */
export class AttemptRunner {
  readonly #parts: AttemptRunnerParts
  readonly #held: HeldAttempts
  readonly #paces = new SeenPaces()
  readonly #inputRoom: InputRoom
  #draining = false
  #stopped = false

  constructor(parts: AttemptRunnerParts) {
    this.#parts = parts
    this.#inputRoom = new InputRoom(parts.limits.inputRoomBytes)
    this.#held = new HeldAttempts((service) => parts.serviceOf(service)?.config.concurrency ?? 0)
  }

  /** For the hello: what this agent runs, or holds ready or finished. */
  heldAttempts(): { id: string; token: string }[] {
    return [...this.#held].map(([id, { token }]) => ({ id, token }))
  }

  start(assigned: Assigned): void {
    const { attempt_id: id, token, service: name } = assigned
    if (this.#held.has(id)) return
    const service = this.#parts.serviceOf(name)
    const isStandby = assigned.standby === true
    const hasRoom =
      service && (isStandby ? this.#held.hasRoom(name, service.config.prefetch) : this.#held.hasPlace(name))
    if (!service?.engine || !hasRoom || (isStandby && this.#draining)) {
      const message = service?.engine ? 'The service is busy.' : 'The service is not offered any more.'
      const soon = { fault: 'busy', message, retry_after_ms: SLOT_PAUSE_MS } as const
      this.#parts.send({ type: 'attempt.failed', attempt_id: id, token, ...soon })
      return
    }
    const abort = new AbortController()
    const held: Held = { token, service: name, abort, generated: false, done: Promise.resolve() }
    const begin = () => {
      delete held.begin
      held.place?.begin()
      const stopping = this.#held.stopping(name).map(({ done }) => done)
      const { makeRoom } = this.#parts
      const inTheWay = makeRoom ? [...stopping, makeRoom()] : stopping
      held.done = Promise.all(inTheWay).then(() => this.#run(assigned, this.#parts.serviceOf(name) ?? service, held))
    }
    if (isStandby) {
      held.begin = begin
      this.#holdInputs(assigned, held)
    }
    this.#held.set(id, held)
    if (isStandby) this.beginStandbys()
    else begin()
  }

  /** What all source images may take from now on, bytes. */
  resizeInputRoom(bytes: number): void {
    this.#inputRoom.resize(bytes)
  }

  /** The gateway lets begin what is held ready: nobody else makes it any more. */
  mayBegin(id: string): void {
    const held = this.#held.get(id)
    if (!held?.begin) return
    held.leave = 'given'
    this.beginStandbys()
  }

  /**
   * Begins what is held ready and may begin, wherever an engine has a place for it, and asks the gateway for what could begin now,
   * when bytes that an engine has made are read, or behind what is nearly made. Without an answer nothing begins, for others may
   * make the same by now.
   */
  beginStandbys(): void {
    for (const held of this.#held.turns()) {
      delete held.isAhead
      held.time?.wait()
      held.expected?.begin()
    }
    for (const [id, held] of this.#held) {
      if (!held.begin || held.abort.signal.aborted) continue
      if (held.leave === 'given') {
        if (this.#held.mayBeGiven(held)) held.begin()
      } else if (!held.leave && !this.#draining && this.#held.hasPlaceAhead(held.service)) {
        const isAhead = !this.#held.hasPlaceSoon(held.service)
        if (!this.#parts.send({ type: 'attempt.ready', attempt_id: id, ...(isAhead && { ahead: true }) })) continue
        held.leave = 'asked'
        if (isAhead) held.isAhead = held.isBegunUntold = true
      }
    }
    this.#tellBegun()
  }

  /** Until it is told what went ahead waits for everybody to see. */
  #tellBegun(): void {
    for (const [id, held] of this.#held) {
      if (!held.isBegunUntold || held.begin || held.isAhead || held.abort.signal.aborted) continue
      if (this.#parts.send({ type: 'attempt.begun', attempt_id: id })) delete held.isBegunUntold
    }
  }

  /** What went ahead is given back, to whoever is idle, when what is before it takes longer than expected. */
  #takeBack(service: string): void {
    for (const [id, held] of this.#held.tooEarly(service)) {
      const reason = new TakenBack()
      held.abort.abort(reason)
      if (!held.begin) continue // Its image server is told first.
      this.#held.delete(id)
      const failure = failureOf(reason)
      if (failure) this.#parts.send({ type: 'attempt.failed', attempt_id: id, token: held.token, ...failure })
    }
  }

  /** From now on nothing more of what is held ready is to begin; the gateway gives it to others. */
  drain(): void {
    this.#draining = true
  }

  /** Stops an attempt and confirms when the engine has really let go of it. */
  async cancel(id: string): Promise<void> {
    const held = this.#held.get(id)
    if (held) {
      held.abort.abort(new Stopped('the gateway does not want it any more'))
      await held.done
      this.#held.delete(id)
      this.beginStandbys()
    }
    this.#parts.send({ type: 'attempt.stopped', attempt_id: id })
  }

  /** The same, for whoever does not wait for it. */
  cancelSoon(id: string): void {
    inBackground(this.cancel(id), (error) =>
      this.#parts.logger.error({ err: error, attempt: id }, 'an attempt could not be stopped')
    )
  }

  /** After a reconnect: lets go of what is not wanted, and tells what could not be told while the socket was down. */
  reconcile(gone: readonly string[]): void {
    for (const id of gone) this.cancelSoon(id)
    // What the answer was nobody knows.
    for (const held of this.#held.values()) {
      if (held.leave !== 'asked') continue
      delete held.leave
      delete held.isAhead
      delete held.isBegunUntold
    }
    for (const [id, { failure, token }] of this.#held) {
      if (!failure || gone.includes(id)) continue
      if (this.#parts.send({ type: 'attempt.failed', attempt_id: id, token, ...failure })) this.#held.delete(id)
    }
    this.beginStandbys()
  }

  /** Whether anything runs: an untold failure has ended, and what is held ready has not begun. */
  get isBusy(): boolean {
    return [...this.#held.values()].some((held) => !held.failure && !held.begin)
  }

  /** Whether any service makes an image, or is about to. */
  get isMaking(): boolean {
    return [...this.#held.values()].some((held) => !held.generated)
  }

  /** Whether this service makes an image. */
  isBusyWith(service: string): boolean {
    return this.#held.occupying(service).length > 0
  }

  /** Resolves when everything that runs now has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#held.values()].map((held) => held.done))
  }

  /** Nothing more is told of what runs: of an image whose image server is being looked at nobody will know which of both was at fault. */
  async stopAll(): Promise<void> {
    this.#stopped = true
    for (const held of this.#held.values()) held.abort.abort(new Stopped('the agent stops'))
    await this.settled()
  }

  async #run(assigned: Assigned, service: AgentService, held: Held): Promise<void> {
    const id = assigned.attempt_id
    const { logger, send } = this.#parts
    try {
      const outcome = await this.#makeAndDeliver(assigned, service, held).finally(() => held.place?.leave())
      logger.info({ attempt: id, service: held.service }, `${held.service}: ${OUTCOMES[outcome]}`)
    } catch (error) {
      const failure = failureOf(error)
      if (failure) {
        const { fault, message: text } = failure
        const isSilence =
          fault === 'timeout' || fault === 'unreachable' || (error instanceof EngineError && error.isSilence)
        const isLookedAt =
          DOUBTFUL.includes(fault) &&
          this.#parts.onDoubt?.(held.service, {
            ...(fault === 'model_missing' && { lackedModel: assigned.model }),
            ...(fault === 'unreachable' && { unreached: { attempt: id, text, error } })
          })
        // Of a server that has gone away one sentence is enough, and what is taken back will be made.
        if (error instanceof TakenBack) logger.debug({ attempt: id }, `${held.service}: ${text}`)
        else if (fault !== 'unreachable' || isLookedAt !== true) {
          const hasAnswered = this.#parts.hasAnswered?.(held.service) ?? false
          const why = explainServer({ url: service.config.url, text, error, hasAnswered })
          logger.warn({ attempt: id, fault, service: held.service }, `${held.service}: an image was not made: ${why}`)
        }
        // Before its place is free: the next would wait as long for a server that hangs.
        const isAway = isSilence && (await this.#parts.onSilent?.(held.service)) === true
        if (this.#stopped) return void this.#held.delete(id)
        const isTheServer = isAway && fault === 'timeout'
        held.failure = isTheServer
          ? { ...failure, message: `${text} Its image server answers nothing any more.` }
          : failure
        held.generated = true
        const isTold = send({ type: 'attempt.failed', attempt_id: id, token: held.token, ...held.failure })
        if (!isTold) return this.beginStandbys()
      }
    }
    this.#held.delete(id)
    this.beginStandbys()
  }

  /** Fetches the inputs of what is to be held ready, where there is room; elsewhere they are fetched when it begins. */
  #holdInputs(assigned: Assigned, held: Held): void {
    const place = this.#inputRoom.tryToHold(inputBytesOf(assigned.task, this.#parts.limits.maxImageBytes))
    if (!place) return
    held.place = place
    held.inputs = this.#fetchInputs(assigned, held)
    // What is wrong with them ends it when it has begun, as always.
    held.inputs.catch(() => undefined)
    held.abort.signal.addEventListener('abort', () => {
      if (held.begin) place.leave()
    })
  }

  async #enterWithInputs(assigned: Assigned, held: Held): Promise<PreparedInputs> {
    const bytes = inputBytesOf(assigned.task, this.#parts.limits.maxImageBytes)
    if (bytes > 0) held.place = await this.#inputRoom.enter(bytes, held.abort.signal)
    return this.#fetchInputs(assigned, held)
  }

  async #makeAndDeliver(assigned: Assigned, service: AgentService, held: Held) {
    const { limits, logger, gateway, transfers, uploads } = this.#parts
    const { engine, config } = service
    if (!engine) throw new EngineError('model_missing', 'The service is not offered any more.')
    try {
      const model = offeredModel(service, assigned)
      const inputs = await (held.inputs ?? this.#enterWithInputs(assigned, held))
      const listed = engine.lorasFor?.(model.servedAs, this.#parts.lorasOn?.(held.service) ?? []) ?? []
      const asked = withSpeltLoras(toImageTask(assigned.task, { model: model.servedAs, inputs: inputs.inputs }), listed)
      const offered = asWhatIsOffered(asked, model.features)
      const extras = chooseExtras(asked.extra, { service: config.extras, engine: engine.extras })
      const task = { ...offered.task, extra: extras.extra }
      const { image, bytes, generatingMs } = await makeImage(task, {
        ...{ attemptId: assigned.attempt_id, service: config, engine, held, inputs },
        ...{ paces: this.#paces, send: this.#parts.send, limits, logger },
        onMade: () => {
          this.#parts.onMade?.(held.service, model.id)
          this.beginStandbys()
        },
        onBegun: () => this.#tellBegun(),
        onNear: () => this.beginStandbys(),
        onLate: () => this.#takeBack(held.service)
      })
      held.generated = true
      inputs.forget()
      held.place?.leave()
      this.beginStandbys()
      const prepared = await prepareImage(bytes, task, {
        maxPixels: limits.maxPixels,
        keepMetadata: config.keepMetadata === true,
        signal: held.abort.signal
      })
      const outcome = await deliverImage({
        transfers,
        uploads,
        url: `${gateway}/api/agent/attempts/${assigned.attempt_id}`,
        token: held.token,
        image: prepared,
        result: {
          seed: seedToTell(image.seed, assigned.task),
          warnings: [
            ...inputs.warnings,
            ...offered.warnings,
            ...extras.warnings,
            ...seedWarnings(image.seed, assigned.task),
            ...sizeWarnings({ chosen: image.chosenSize, source: inputs.inputs[0], made: prepared }),
            ...image.warnings,
            ...prepared.warnings
          ],
          generating_ms: generatingMs,
          ...(image.report && { report: image.report })
        },
        // Until V8 collects its whole heap it would take as much room as the next image, and for a few of them it does.
        onSent: () => releaseMemoryOf(bytes),
        signal: held.abort.signal,
        logger
      })
      if (outcome === 'refused') throw new EngineError('bad_output', 'The gateway did not take the image.')
      return outcome
    } catch (error) {
      // An engine may wrap the abort in an error of its own: the reason is what counts.
      throw held.abort.signal.aborted ? held.abort.signal.reason : error
    }
  }

  #fetchInputs({ attempt_id: id, task }: Assigned, held: Held): Promise<PreparedInputs> {
    const { gateway, limits, transfers } = this.#parts
    let left = limits.maxInputBytes
    return prepareInputs({
      kind: task.kind,
      alphaMask: task.alpha_mask === true,
      inputs: task.inputs.map(({ media_type: mediaType, ...input }) => ({ ...input, mediaType })),
      open: async (name) => {
        const bytes = await openInput({
          transfers,
          url: `${gateway}/api/agent/attempts/${id}/inputs/${name}`,
          token: held.token,
          maxBytes: left,
          signal: held.abort.signal
        })
        left -= bytes.length
        return Readable.from([bytes])
      },
      maxPixels: limits.maxPixels,
      signal: held.abort.signal
    })
  }
}
