import { randomUUID } from 'node:crypto'
import { sleep } from '../../lib/async.ts'
import { EngineError, type EngineRun } from '../engine.ts'
import { showPreviewText } from '../image-text.ts'
import { orAborted } from '../or-aborted.ts'
import { type ItemState, parseItem, parseItemIds, parseProgress } from './invokeai-api.ts'
import { canceled, faultOfItem, ownersWork } from './invokeai-fault.ts'
import { DENOISER, OUTPUT } from './invokeai-graph.ts'
import type { InvokeHttp } from './invokeai-http.ts'
import type { InvokeGraph } from './invokeai-nodes.ts'
import { type EventSocket, openSocket } from './invokeai-socket.ts'

/** Every InvokeAI has one, and uses no other. */
const QUEUE = 'default'
export const QUEUE_PATH = `/api/v1/queue/${QUEUE}`
/** So often a job is looked after that was told to stop. */
const MOST_LOOKS = 20

export interface JobTimes {
  /** How often a job is asked after while no event tells of it. */
  pollMs: number
  /** For how long a server that is gone is expected back. */
  awayMs: number
  /** For how long a job may wait behind those of others. */
  patienceMs: number
}

export const USUAL_TIMES: JobTimes = { pollMs: 1_000, awayMs: 15_000, patienceMs: 90_000 }

/** Of one server: jobs of ours that are behind others of ours wait for us, and not for its owner. */
export interface OwnWork {
  working: Set<InvokeJob>
  /** When one of them was last worked on. */
  at: number
}

export interface JobParts {
  http: InvokeHttp
  graph: InvokeGraph
  /** That the denoiser is told to take; its own progress is in parts of the whole. */
  steps: number
  times: JobTimes
  ownWork: OwnWork
  /** Of what goes on after the caller has left. */
  closing: AbortSignal
}

/** One item in the queue, from its hand-in until nothing is left of it there. */
export class InvokeJob {
  readonly #parts: JobParts
  readonly #run: EngineRun
  readonly #batch = randomUUID()
  readonly #images = new Set<string>()
  #item: number | undefined
  #hasEnded = false
  #most = 0
  #change = Promise.withResolvers<void>()
  readonly #over = new AbortController()

  constructor(parts: JobParts, run: EngineRun) {
    this.#parts = parts
    this.#run = run
  }

  /** The name of the image that was made. Throws `EngineError`, or the reason of an abort, promptly. */
  async make(): Promise<string> {
    const { signal } = this.#run
    const socket = await this.#listen()
    try {
      await orAborted(this.#handIn(), signal)
      return await this.#wait()
    } finally {
      const { ownWork } = this.#parts
      if (ownWork.working.delete(this)) ownWork.at = performance.now()
      this.#over.abort()
      socket?.close()
    }
  }

  /** Stops what has not ended, and takes item and images out of the server. */
  async clear(uploads: readonly Promise<string>[]): Promise<void> {
    const { http, times, closing } = this.#parts
    await this.#handedIn?.catch(() => undefined) // Nothing was queued then.
    for (const upload of await Promise.allSettled(uploads)) {
      if (upload.status === 'fulfilled') this.#images.add(upload.value)
    }
    const id = this.#item
    if (id !== undefined) {
      const path = `${QUEUE_PATH}/i/${id}`
      if (!this.#hasEnded) await http.send('PUT', `${path}/cancel`, closing)
      for (let look = 0; look < MOST_LOOKS; look++) {
        const item = parseItem(await http.find(path, closing), OUTPUT)
        for (const image of item?.images ?? []) this.#images.add(image)
        if (item?.state.status !== 'working') break
        await sleep(times.pollMs, closing)
      }
      await http.send('DELETE', path, closing)
    }
    for (const image of this.#images) {
      await http.send('DELETE', `/api/v1/images/i/${image}`, closing)
    }
  }

  async #listen(): Promise<EventSocket | undefined> {
    const { http } = this.#parts
    const socket = await openSocket({
      url: http.socketUrl,
      headers: http.headers,
      token: http.token(),
      queue: QUEUE,
      onEvent: (name, data) => this.#onEvent(name, data),
      onClose: () => this.#wake(),
      signal: AbortSignal.any([this.#over.signal, this.#run.signal])
    })
    this.#run.signal.throwIfAborted()
    return socket
  }

  #handedIn: Promise<void> | undefined

  /** Whoever does not want it any more waits for no answer; then the job is taken back once it has its id. */
  #handIn(): Promise<void> {
    const { http, graph, closing } = this.#parts
    const batch = { batch_id: this.#batch, graph, runs: 1, origin: 'inference.club' }
    const sent = http.post(`${QUEUE_PATH}/enqueue_batch`, { batch, prepend: false }, closing).then((answer) => {
      const [item] = parseItemIds(answer)
      if (item === undefined) throw new EngineError('crashed', 'InvokeAI queued nothing of what it was sent.')
      this.#item = item
    })
    this.#handedIn = sent
    return sent
  }

  async #wait(): Promise<string> {
    const { times, ownWork, http } = this.#parts
    const { signal } = this.#run
    const sentAt = performance.now()
    let awaySince: number | undefined
    let wasWaiting = false
    for (;;) {
      const changed = this.#change.promise
      const state = await this.#look()
      const now = performance.now()
      awaySince = state === undefined ? (awaySince ?? now) : undefined
      if (awaySince !== undefined && now - awaySince >= times.awayMs) {
        throw wasWaiting && !ownWork.working.has(this)
          ? new EngineError('unreachable', 'The image server went away before it began.')
          : new EngineError('crashed', 'The image server went away while it worked.', { isSilence: true })
      }
      if (state) wasWaiting = state.status === 'waiting'
      if (state?.status === 'working') this.#begin()
      else if (state?.status === 'waiting') this.#run.onWaiting()
      if (ownWork.working.size > 0) ownWork.at = now
      if (state?.status === 'waiting' && now - Math.max(sentAt, ownWork.at) >= times.patienceMs) {
        throw ownersWork()
      }
      if (state?.status === 'done' || state?.status === 'failed' || state?.status === 'canceled') {
        this.#hasEnded = true
        return imageOf(state, http.secrets)
      }
      await orAborted(Promise.race([changed, sleep(times.pollMs, this.#over.signal)]), signal)
    }
  }

  /** Undefined when this look failed, as it may on a server that is busy or starts. */
  async #look(): Promise<ItemState | undefined> {
    const { http } = this.#parts
    const { signal } = this.#run
    try {
      const found = await http.find(`${QUEUE_PATH}/i/${this.#item}`, signal)
      // Deleted from the queue, since it keeps what it has over a restart.
      if (found === undefined) return { status: 'canceled' }
      const item = parseItem(found, OUTPUT)
      for (const image of item?.images ?? []) this.#images.add(image)
      return item?.state
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof EngineError && error.fault !== 'bad_output') return undefined
      throw error
    }
  }

  /** Those of all who use the server come; ours are those of our batch. */
  #onEvent(name: string, data: Record<string, unknown>): void {
    if (data.batch_id !== this.#batch) return
    if (name === 'queue_item_status_changed') {
      if (data.status === 'in_progress') this.#begin()
      return this.#wake()
    }
    if (name !== 'invocation_progress' || data.invocation_source_id !== DENOISER) return
    const { part, preview } = parseProgress(data)
    if (part !== undefined) {
      this.#most = Math.max(this.#most, Math.round(part * this.#parts.steps))
      this.#run.onProgress(this.#most, this.#parts.steps)
    }
    if (preview !== undefined) showPreviewText(preview, this.#run)
  }

  /** Also where it is told of between two looks: a short one has ended by the second. */
  #begin(): void {
    if (this.#over.signal.aborted) return
    this.#parts.ownWork.working.add(this)
    this.#run.onBegun()
  }

  #wake(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers()
  }
}

function imageOf(state: Exclude<ItemState, { status: 'waiting' | 'working' }>, secrets: readonly string[]): string {
  if (state.status === 'failed') throw faultOfItem(state, secrets)
  if (state.status === 'canceled') throw canceled()
  if (state.image !== undefined) return state.image
  throw new EngineError('bad_output', 'The image server finished without a picture.')
}
