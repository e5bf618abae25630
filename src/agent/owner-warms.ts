import { EngineError } from '../engines/engine.ts'
import { inBackground, sleep } from '../lib/async.ts'
import { cleanText } from '../lib/clean-text.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import type { Logger } from '../lib/logger.ts'
import { formatDuration } from '../lib/quantities.ts'
import { MAX_WARM_CHARS, MAX_WARMS, type ServiceWarm, type ServiceWarmed } from '../protocol/service-warms.ts'
import type { AgentService } from './agent-services.ts'

export interface WarmTimes {
  /** For how long images may go first. */
  patienceMs: number
  /** So long after an image the next one may still come. */
  quietMs: number
  /** For how long a model may load; a slow disk needs minutes for the largest. */
  withinMs: number
}

const USUAL_TIMES: WarmTimes = { patienceMs: 5 * MINUTE_MS, quietMs: 2000, withinMs: 10 * MINUTE_MS }

export interface OwnerWarmsParts {
  /** The service of that name, with what is offered beside its file. */
  serviceOf: (name: string) => AgentService | undefined
  images: {
    /** Whether any is being made on this machine, or about to be. */
    readonly isMaking: boolean
    /** Resolves when those that are being made have ended. */
    settled: () => Promise<void>
  }
  /** A service has loaded a model. */
  onWarmed: (service: string) => void
  send: (answer: ServiceWarmed) => void
  logger: Logger
  times?: Partial<WarmTimes> | undefined
}

type Answer = Pick<ServiceWarmed, 'state' | 'text'>

interface Wish {
  word: ServiceWarm
  answer: Answer
  /** Until when it may begin, of `performance.now()`. */
  until: number
}

/** Thrown into the loading of a model: an image goes first, nobody wants it any more, or it takes too long. */
class PutOff extends Error {}
class Stopped extends Error {}
class TimedOut extends Error {}

/**
 * Loads models that the owner of this machine asks for on the dashboard, one at a time and only while no image is made here: all
 * services may share one graphics card. An image that comes meanwhile goes first. The file decides whether they may
 * (`warm_models`). A wish is known by its id until the next one for the same model, so that one that is told twice is done once.
 */
export class OwnerWarms {
  readonly #parts: OwnerWarmsParts
  readonly #times: WarmTimes
  readonly #wishes = new Map<string, Wish>()
  #waiting = 0
  #last: Promise<void> = Promise.resolve()
  #loading: { abort: AbortController; done: Promise<unknown> } | undefined
  #stopping = new AbortController()

  constructor(parts: OwnerWarmsParts) {
    this.#parts = parts
    this.#times = { ...USUAL_TIMES, ...parts.times }
  }

  /** Takes the owner's wish; one that is known already is only answered again. */
  hear(word: ServiceWarm): void {
    const key = keyOf(word)
    const known = this.#wishes.get(key)
    if (known?.word.wish === word.wish) return this.#say(known, known.answer)
    const wish: Wish = { word, answer: WAITING, until: performance.now() + this.#times.patienceMs }
    const refusal = this.#refusalOf(word)
    if (refusal) return this.#say(wish, refusal)
    this.#wishes.set(key, wish)
    this.#say(wish, WAITING)
    this.#waiting += 1
    const { signal } = this.#stopping
    this.#last = this.#last.then(() => this.#fulfil(wish, signal)).finally(() => (this.#waiting -= 1))
    inBackground(this.#last, (error) => this.#parts.logger.error({ err: error }, 'a model could not be loaded'))
  }

  /** An image is to be made: resolves when nothing is being loaded any more. What was comes later. */
  async makeRoom(): Promise<void> {
    const loading = this.#loading
    loading?.abort.abort(new PutOff('an image goes first'))
    await loading?.done
  }

  /** Forgets all wishes, whose gateway will say them again, and stops what is being loaded. */
  async stopAll(): Promise<void> {
    this.#stopping.abort(new Stopped('the agent stops'))
    this.#stopping = new AbortController()
    this.#wishes.clear()
    await this.#last
  }

  /** Why a wish is not taken up; undefined when it is. */
  #refusalOf({ service: name, model }: ServiceWarm): Answer | undefined {
    const service = this.#parts.serviceOf(name)
    if (!service?.engine || !servedAs(service, model)) return refused('The service does not offer this model.')
    if (service.config.warmModels === false) {
      return refused("The agent's file does not allow it: this service has 'warm_models: false'.")
    }
    if (!service.engine.warm) return UNSUPPORTED
    return this.#waiting >= MAX_WARMS ? refused('Too many models wait to be loaded here.') : undefined
  }

  async #fulfil(wish: Wish, stopping: AbortSignal): Promise<void> {
    const { images } = this.#parts
    const isWanted = () => !stopping.aborted && this.#wishes.get(keyOf(wish.word)) === wish
    while (isWanted()) {
      while (images.isMaking && performance.now() < wish.until && isWanted()) {
        const over = new AbortController()
        const waiting = AbortSignal.any([stopping, over.signal])
        const pause = (ms: number) => sleep(ms, waiting).catch(() => undefined) // What ended it is looked at next.
        await Promise.race([images.settled(), pause(wish.until - performance.now())])
        // Between two images there is a moment in which none is made, and a model loaded then would be in the way of each.
        await pause(this.#times.quietMs)
        over.abort()
      }
      if (!isWanted()) return
      if (images.isMaking || performance.now() >= wish.until) return this.#say(wish, IMAGES_FIRST)
      this.#say(wish, { state: 'warming', text: '' })
      const answer = await this.#load(wish.word, stopping)
      if (stopping.aborted) return
      this.#say(wish, answer)
      if (answer.state !== 'waiting') return
    }
  }

  async #load({ service: name, model }: ServiceWarm, stopping: AbortSignal): Promise<Answer> {
    const { logger, serviceOf, onWarmed } = this.#parts
    const service = serviceOf(name)
    const served = service && servedAs(service, model)
    if (!service?.engine?.warm || served === undefined)
      return refused('The service does not offer this model any more.')
    const { withinMs } = this.#times
    const abort = new AbortController()
    const tooLong = () => abort.abort(new TimedOut(`It was not loaded within ${formatDuration(withinMs)}.`))
    const timer = setTimeout(tooLong, withinMs)
    const loading = service.engine.warm(served, AbortSignal.any([abort.signal, stopping]))
    this.#loading = { abort, done: loading.catch(() => undefined) } // Whoever waits for its end is told how it ended below.
    try {
      if ((await loading) === 'unsupported') return UNSUPPORTED
      logger.info({ service: name }, `${name}: '${cleanText(model)}' was loaded, as its owner asked`)
      onWarmed(name)
      return { state: 'warmed', text: '' }
    } catch (error) {
      const answer = answerOf(abort.signal.aborted ? abort.signal.reason : error)
      if (answer.state === 'failed')
        logger.warn({ service: name }, `${name}: '${cleanText(model)}' was not loaded: ${answer.text}`)
      return answer
    } finally {
      clearTimeout(timer)
      this.#loading = undefined
    }
  }

  #say(wish: Wish, answer: Answer): void {
    const { service, model, wish: id } = wish.word
    wish.answer = answer
    this.#parts.send({ type: 'service.warmed', service, model, wish: id, ...answer })
  }
}

const keyOf = ({ service, model }: ServiceWarm): string => JSON.stringify([service, model])

const servedAs = ({ config }: AgentService, model: string): string | undefined =>
  config.models.find(({ id }) => id === model)?.servedAs

const refused = (text: string): Answer => ({ state: 'refused', text: text.slice(0, MAX_WARM_CHARS).toWellFormed() })

const WAITING: Answer = { state: 'waiting', text: '' }
const IMAGES_FIRST = refused('Images were made here all the time: they go first.')
const UNSUPPORTED: Answer = {
  state: 'unsupported',
  text: 'This image server cannot be told to load a model: it does when an image needs it.'
}

function answerOf(error: unknown): Answer {
  if (error instanceof PutOff) return WAITING
  const isBusy = error instanceof EngineError && error.fault === 'busy'
  const isTold = error instanceof EngineError || error instanceof TimedOut
  const { text } = refused(isTold ? error.message : 'The agent failed unexpectedly.')
  return { state: isBusy ? 'refused' : 'failed', text }
}
