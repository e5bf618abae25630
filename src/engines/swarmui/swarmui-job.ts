import { WebSocket } from 'ws'
import { sleep } from '../../lib/async.ts'
import type { EngineRun } from '../engine.ts'
import { showPreviewText } from '../image-text.ts'
import { type LiftedPictures, liftPictures } from '../lifted-pictures.ts'
import { parseJson } from '../upstream-text.ts'
import { parseEvents, type SwarmEvent, type SwarmRefusal } from './swarmui-api.ts'

const OPEN_WITHIN_MS = 10_000
const PING_EVERY_MS = 15_000
/** So often a job that may not have begun yet is told to stop. */
const MOST_INTERRUPTS = 5

export interface SwarmImage {
  /** A path, or a data URL; `pictures` of its message may stand in for its base64. */
  image: string
  metadata: string
  pictures: LiftedPictures
}

/** How a job ended. */
export type JobEnd =
  | ({ kind: 'made' } & SwarmImage)
  | { kind: 'refused'; refusal: SwarmRefusal }
  /** Something that its owner has installed there did not want it. */
  | { kind: 'discarded' }
  /** Without an image and a word: somebody stopped it. */
  | { kind: 'nothing' }
  | { kind: 'lost'; tooLarge: boolean; wasSent: boolean; status: number | undefined }

export interface JobParts {
  url: string
  headers: Record<string, string>
  body: object
  /** That the server is told to make; its own progress is in parts of the whole. */
  steps: number
  maxMessageBytes: number
  run: Pick<EngineRun, 'onBegun' | 'onProgress' | 'onPreview'>
}

export interface SwarmJob {
  readonly ended: Promise<JobEnd>
  readonly hasEnded: boolean
  /** Whether a backend works on it, as opposed to waiting for one. */
  readonly hasBegun: boolean
  /** Whether the server knows of it. */
  readonly wasSent: boolean
  close(): void
}

/** Hands a job in and hears of it until it ends, which it also does when the connection breaks. */
export function startJob({ url, headers, body, steps, maxMessageBytes, run }: JobParts): SwarmJob {
  const socket = new WebSocket(url, {
    headers,
    handshakeTimeout: OPEN_WITHIN_MS,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false
  })
  const ended = Promise.withResolvers<JobEnd>()
  const state = { hasEnded: false, hasBegun: false, wasSent: false }
  let made: SwarmImage | undefined
  let index = 0
  let most = 0
  let tooLarge = false
  let status: number | undefined
  let heard = true
  const pings = setInterval(() => {
    // A connection that died without a word is found out this way alone.
    if (!heard) return socket.terminate()
    heard = false
    socket.ping()
  }, PING_EVERY_MS).unref()

  const end = (how: JobEnd): void => {
    state.hasEnded = true
    clearInterval(pings)
    ended.resolve(how)
    socket.terminate()
  }
  const endWithImage = (): void => end(made ? { kind: 'made', ...made } : { kind: 'nothing' })

  const onEvent = (event: SwarmEvent, pictures: LiftedPictures): void => {
    switch (event.kind) {
      case 'status':
        state.hasBegun ||= event.isBegun
        return
      case 'progress':
        state.hasBegun = true
        // Its status tells that it has been given to a backend, where it may wait once more.
        run.onBegun()
        most = Math.max(most, Math.round(event.part * steps))
        run.onProgress(most, steps)
        if (event.preview !== undefined) showPreviewText(event.preview, run, { pictures })
        return
      case 'image':
        // Negative ones are made on the way, and of several the first is the one that was asked for.
        if (event.index < 0 || (made && index <= event.index)) return
        index = event.index
        made = { image: event.image, metadata: event.metadata, pictures }
        return
      case 'discarded':
        return event.indices.includes(index) && made ? end({ kind: 'discarded' }) : endWithImage()
      case 'refused':
        return end({ kind: 'refused', refusal: { id: event.id, text: event.text } })
      case 'over':
        return endWithImage()
    }
  }

  socket.on('open', () => {
    state.wasSent = true
    socket.send(JSON.stringify(body))
  })
  socket.on('message', (data: Buffer, isBinary) => {
    heard = true
    if (isBinary) return
    const { text, pictures } = liftPictures(data, maxMessageBytes)
    for (const event of parseEvents(parseJson(text))) if (!state.hasEnded) onEvent(event, pictures)
  })
  socket.on('pong', () => (heard = true))
  socket.on('unexpected-response', (_request, response) => {
    status = response.statusCode
    response.destroy()
    socket.terminate()
  })
  socket.on('error', (error: Error & { code?: string }) => {
    tooLarge ||= error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
  })
  socket.on('close', () => {
    if (state.hasEnded) return
    if (made) endWithImage()
    else end({ kind: 'lost', tooLarge, wasSent: state.wasSent, status })
  })
  return {
    ended: ended.promise,
    get hasEnded() {
      return state.hasEnded
    },
    get hasBegun() {
      return state.hasBegun
    },
    get wasSent() {
      return state.wasSent
    },
    close: () => socket.terminate()
  }
}

/**
 * Stops a job that nobody wants any more: `interrupt` stops all of its session. A server that has the job's request and has
 * not read it yet has nothing to stop, so it is told again until the job has ended.
 */
export async function stopJob(
  job: SwarmJob,
  { interrupt, everyMs, signal }: { interrupt: () => Promise<unknown>; everyMs: number; signal: AbortSignal }
): Promise<void> {
  try {
    if (!job.wasSent) return
    for (let round = 0; round < MOST_INTERRUPTS; round++) {
      await interrupt()
      const over = new AbortController()
      const pause = sleep(everyMs, AbortSignal.any([signal, over.signal]))
      // Of one whose connection is gone nothing is heard.
      await (job.hasEnded ? pause : Promise.race([job.ended, pause])).finally(() => {
        pause.catch(() => undefined) // Cut short below.
        over.abort()
      })
      if (job.hasEnded && (round > 0 || (await job.ended).kind !== 'lost')) return
    }
  } finally {
    job.close()
  }
}
