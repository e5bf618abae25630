import { randomUUID } from 'node:crypto'
import { sleep } from '../../lib/async.ts'
import { EngineError, type EngineRun } from '../engine.ts'
import { isNotOffered } from '../upstream-fault.ts'
import { members } from '../upstream-text.ts'
import { cancelJob, type Forgetting } from './cancel-job.ts'
import { parseHistory, parseQueue, SENT_BY } from './comfyui-api.ts'
import { faultOfExecution, faultOfRefusal, nodeErrors } from './comfyui-fault.ts'
import type { ComfyHttp, ServerFile } from './comfyui-http.ts'
import { type ComfySocket, openSocket } from './comfyui-socket.ts'
import type { Graph, Plan } from './graph.ts'
import { JobState } from './job-state.ts'
import { notLikeComfy } from './not-like-comfy.ts'

/** A job whose end is waited for. */
export interface Followed {
  /** Undefined before it is sent. */
  readonly id: string | undefined
  /** Has the server asked how it stands. */
  wake(): void
}

export interface JobParts {
  http: ComfyHttp
  forgetting: Forgetting
  plan: Plan
  maxImageBytes: number
  /** Whether the server can be asked to say of which node a picture is. */
  asksMetadata: boolean
  /** Whether it has a node that sends pictures through the socket instead of into a file. */
  sendsPictures: boolean
  /** Whether the owner's own way of saving stays, and the job in the history. */
  keepFiles: boolean
  /** Of ComfyUI's own names; absent: as the server was started. */
  previews?: string
  /** Whether it stands behind everything that the owner has queued. */
  givesWay: boolean
  /** A word for the sender of the job. */
  sender?: string
  /** Called with the id of each job as it is sent, so that it is not taken for the owner's. */
  onSent(id: string): void
  /** The jobs that are followed from here. */
  following: Set<Followed>
  /** Whether a job was sent from here. */
  isOwn(id: string): boolean
  times: JobTimes
}

export interface JobTimes {
  /** After how long without a word of it the server is asked about the job. */
  quietMs: number
  /** How often it is asked while there is no socket. */
  pollMs: number
  /** For how long a server that is gone is expected back. */
  awayMs: number
  /** For how long a job may wait behind those of others. */
  patienceMs: number
}

export const USUAL_TIMES: JobTimes = { quietMs: 10_000, pollMs: 1_000, awayMs: 15_000, patienceMs: 90_000 }

/** A picture that got lost on its way is asked for again: the server still has everything but the last step. */
const MOST_ROUNDS = 3
const OWNERS_PAUSE_MS = 30_000
const ABORT_GRACE_MS = 2_000

/**
 * Has ComfyUI make the picture of a plan. Throws `EngineError`; whatever it throws, the job is stopped at the server. An
 * abort of the signal is thrown once the server was told.
 */
export async function runJob(parts: JobParts, run: EngineRun): Promise<Buffer> {
  // With one worker, what was before it is made: where no socket tells that, it would be found only with the next look.
  const onBegun = () => {
    run.onBegun()
    for (const one of parts.following) one.wake()
  }
  const follower = new JobFollower(parts, { ...run, onBegun })
  parts.following.add(follower)
  try {
    return await follower.getPicture()
  } finally {
    parts.following.delete(follower)
    await follower.close()
  }
}

class JobFollower implements Followed {
  readonly #parts: JobParts
  readonly #run: EngineRun
  readonly #clientId = randomUUID()
  #socket: ComfySocket | undefined
  #socketFailures = 0
  #state: JobState | undefined
  #tooLarge = false
  /** Ends with the job: the socket and what is being asked go with it. */
  readonly #ending = new AbortController()

  constructor(parts: JobParts, run: EngineRun) {
    this.#parts = parts
    this.#run = run
  }

  async getPicture(): Promise<Buffer> {
    for (let round = 1; ; round++) {
      if (!this.#socket) await this.#openSocket()
      this.#state = new JobState(randomUUID(), this.#parts.plan, this.#run)
      const state = await this.#submit(this.#state)
      await this.#untilEnded(state)
      const picture = await this.#pictureOf(state)
      if (picture) return picture
      if (round === MOST_ROUNDS) throw new EngineError('bad_output', 'The image server finished without a picture.')
    }
  }

  get id(): string | undefined {
    return this.#state?.id
  }

  wake(): void {
    this.#state?.wake()
  }

  /** Lets go of everything; a job that has not ended is stopped. */
  async close(): Promise<void> {
    const state = this.#state
    const { http, forgetting, keepFiles } = this.#parts
    if (state && !state.end) await cancelJob(http, state.id)
    if (state && !keepFiles && state.end?.kind === 'done') await forgetting.now(state.id)
    else if (state && !keepFiles) forgetting.whenEnded(state.id)
    this.#socket?.close()
    this.#ending.abort()
  }

  async #openSocket(): Promise<void> {
    const { http, maxImageBytes, asksMetadata } = this.#parts
    const socket = await openSocket({
      url: http.socketUrl(this.#clientId),
      headers: http.headers,
      maxImageBytes,
      asksMetadata,
      onEvent: (type, data) => this.#state?.onEvent(type, data),
      onPicture: (frame) => this.#state?.onPicture(frame),
      onClose: (tooLarge) => {
        this.#tooLarge ||= tooLarge
        this.#socket = undefined
        this.#state?.wake()
      },
      signal: AbortSignal.any([this.#ending.signal, this.#run.signal])
    })
    this.#socket = socket
    this.#socketFailures = socket ? 0 : this.#socketFailures + 1
    this.#run.signal.throwIfAborted()
  }

  async #submit(state: JobState): Promise<JobState> {
    const { http, plan, previews, givesWay, sender, onSent } = this.#parts
    const body = {
      prompt: this.#graph(state.id),
      client_id: this.#clientId,
      prompt_id: state.id,
      partial_execution_targets: [plan.output.node],
      // Smaller numbers go first, and those of others count from 0.
      ...(givesWay && { number: 1e9 }),
      extra_data: {
        ...(previews !== undefined && { preview_method: previews }),
        ...(sender !== undefined && { [SENT_BY]: `${sender} ${state.id}` })
      }
    }
    onSent(state.id)
    const answer = await http.post('/prompt', body, this.#notLongAfterAbort())
    const { prompt_id: id, node_errors: errors, error } = members(answer.json)
    // Whatever else answers there by now has no such route, or takes it well and says nothing of it.
    const isOurs =
      error !== undefined ||
      errors !== undefined ||
      (answer.status !== 200 && !isNotOffered({ ...answer, body: answer.text }))
    const context = { params: plan.params, secrets: http.secrets }
    if (answer.status !== 200 || typeof id !== 'string') {
      // Nothing was queued, so there is nothing to stop.
      this.#state = undefined
      throw isOurs ? faultOfRefusal(answer, context) : notLikeComfy()
    }
    const taken = id === state.id ? state : new JobState(id, plan, this.#run)
    this.#state = taken
    onSent(id)
    if (nodeErrors(errors).length > 0) throw faultOfRefusal(answer, context)
    return taken
  }

  /** What an abort cuts off at once may have arrived all the same, under another id than was asked for. */
  #notLongAfterAbort(): AbortSignal {
    const { signal } = this.#run
    const cut = new AbortController()
    const abort = () => setTimeout(() => cut.abort(), ABORT_GRACE_MS).unref()
    signal.addEventListener('abort', abort, { once: true })
    this.#ending.signal.addEventListener('abort', () => signal.removeEventListener('abort', abort), { once: true })
    return cut.signal
  }

  /** The graph with the node that saves the picture as this server and its owner would have it. */
  #graph(id: string): Graph {
    const { plan, keepFiles, sendsPictures } = this.#parts
    const { node, images } = plan.output
    const present = plan.graph[node]
    // Of the same inputs as before the server would only name the file of then, which may be gone: an input that no
    // node knows makes them others.
    const fresh = { inference_club: id }
    if (present && (keepFiles || !images)) {
      return { ...plan.graph, [node]: { ...present, inputs: { ...present.inputs, ...fresh } } }
    }
    const saver =
      this.#socket && sendsPictures
        ? { class_type: 'SaveImageWebsocket', inputs: { images } }
        : { class_type: 'PreviewImage', inputs: { images, ...fresh } }
    return { ...plan.graph, [node]: saver }
  }

  async #untilEnded(state: JobState): Promise<void> {
    const { quietMs, pollMs, awayMs } = this.#parts.times
    const { signal } = this.#run
    let waitsSince = performance.now()
    let lostSince: number | undefined
    let awaySince: number | undefined
    while (!state.end) {
      await waitFor(state.changed, this.#socket && state.started ? quietMs : pollMs, signal)
      const now = performance.now()
      if (state.end) return
      if (this.#tooLarge) throw new EngineError('bad_output', 'The image server sent a picture that is too large.')
      const isQuiet = now - state.heardAt >= quietMs
      if (this.#socket && !isQuiet && state.started) continue
      const found = await this.#look(state)
      if (found === 'away') {
        awaySince ??= now
        if (now - awaySince >= awayMs) throw gone(state, 'went away')
        continue
      }
      awaySince = undefined
      // Only the work of others is waited for with impatience.
      if (found === 'behind' || found === 'stuck') waitsSince = now
      if (found === 'unknown') {
        // Between the queue and the history there may be a moment in which it is in neither.
        lostSince ??= now
        if (now - lostSince >= 2 * pollMs) throw this.#lost(state)
        continue
      }
      lostSince = undefined
      if (found === 'waiting' || found === 'behind') this.#run.onWaiting()
      this.#checkPatience(state, { found, waitedMs: now - waitsSince })
      if (!this.#socket && this.#socketFailures < 3) await this.#openSocket()
    }
  }

  #checkPatience(state: JobState, { found, waitedMs }: { found: Standing; waitedMs: number }): void {
    if (found === 'waiting' && !state.started && waitedMs >= this.#parts.times.patienceMs) {
      throw new EngineError('busy', 'The image server is busy with the work of its owner.', {
        retryAfterMs: OWNERS_PAUSE_MS
      })
    }
  }

  /** A server that has begun anew knows nothing of it; one that was there all the time was told to drop it. */
  #lost(state: JobState): EngineError {
    // There is nothing to stop any more.
    this.#state = undefined
    return this.#socket && this.#socketFailures === 0
      ? new EngineError('busy', 'The owner of the machine took the image out of its queue.', {
          retryAfterMs: OWNERS_PAUSE_MS
        })
      : gone(state, 'was started anew')
  }

  async #look(state: JobState): Promise<Standing> {
    const { http } = this.#parts
    const { signal } = this.#run
    try {
      const history = await http.get(`/history/${state.id}`, signal)
      const end = parseHistory(history.json, state.id)
      if (end) {
        state.finish(end)
        return 'running'
      }
      const answer = await http.get('/queue', signal)
      const queue = parseQueue(answer.json)
      if (!queue) return 'away'
      if (queue.running.includes(state.id)) {
        state.begin()
        return 'running'
      }
      if (!queue.pending.includes(state.id)) return 'unknown'
      const own = queue.running.filter((id) => this.#parts.isOwn(id))
      if (own.length === 0) return 'waiting'
      const followed = new Set([...this.#parts.following].map(({ id }) => id))
      return own.some((id) => followed.has(id)) ? 'behind' : 'stuck'
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof EngineError) return 'away'
      throw error
    }
  }

  /** Undefined when the job is done and its picture got lost. */
  async #pictureOf({ end, picture, files }: JobState): Promise<Buffer | undefined> {
    const { http, plan } = this.#parts
    if (end?.kind === 'failed') throw faultOfExecution(end.error, http)
    if (end?.kind === 'interrupted') {
      throw new EngineError('busy', 'The owner of the machine stopped the image.', { retryAfterMs: OWNERS_PAUSE_MS })
    }
    if (picture) return picture
    const saved = files.get(plan.output.node) ?? []
    const file = saved.find(({ type }: ServerFile) => type === 'output') ?? saved[0]
    return file && (await http.download(file, this.#run.signal))
  }
}

/**
 * `behind`: it waits for another one of ours. `stuck`: for one that was given up and that its server has not stopped, which it may never
 * do where it hangs: only the image's own time ends that.
 */
type Standing = 'running' | 'waiting' | 'behind' | 'stuck' | 'unknown' | 'away'

/** What had not begun there was no try of it. */
const gone = ({ started }: JobState, how: string): EngineError =>
  started
    ? new EngineError('crashed', `The image server ${how} while it worked.`, { isSilence: true })
    : new EngineError('unreachable', `The image server ${how} before it began.`)

/** Until the change, at most so long; rejects with the signal's reason. */
async function waitFor(change: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const waiting = sleep(ms, AbortSignal.any([signal, over.signal]))
  await Promise.race([change, waiting]).finally(() => {
    waiting.catch(() => undefined) // Cut short below.
    over.abort()
  })
}
