import { sleep } from '../../lib/async.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import { parseQueue } from './comfyui-api.ts'
import type { ComfyHttp } from './comfyui-http.ts'

/** A server that does not answer keeps nobody waiting for longer. */
const WITHIN_MS = 4_000
/** What was told to stop does so at the end of a step, or when a model has been read from a slow disk. */
const ENDS_WITHIN_MS = 10 * MINUTE_MS
const LOOK_EVERY_AT_MOST_MS = 10_000
/** So many jobs at most are looked after at once that the server could not be told to forget: it may never be told. */
export const MOST_SAID_AGAIN = 5

/**
 * Takes a job out of the queue, or stops it when it runs, and never another one. Recent servers do both at once by the job's
 * id. Older ones are told to interrupt only what is seen to be this job; the oldest interrupt whatever runs by the time
 * they hear it. Never rejects: what cannot be stopped ends by itself.
 */
export async function cancelJob(http: ComfyHttp, id: string): Promise<void> {
  const signal = AbortSignal.timeout(WITHIN_MS)
  try {
    const { status } = await http.post(`/api/jobs/${id}/cancel`, {}, signal)
    if (status >= 200 && status < 300) return
    await http.post('/queue', { delete: [id] }, signal)
    const queue = parseQueue((await http.get('/queue', signal)).json)
    if (queue?.running.includes(id)) await http.post('/interrupt', { prompt_id: id }, signal)
  } catch {
    // It is gone, or so busy that it hears nothing; nobody wants the outcome any more.
  }
}

/**
 * Removes a job that has ended from what the owner's editor shows, its prompt with it; false: the server has not heard it, or
 * refuses the key. What it cannot do it has heard. Never rejects.
 */
const forgetJob = (http: ComfyHttp, id: string): Promise<boolean> =>
  http.post('/history', { delete: [id] }, AbortSignal.timeout(WITHIN_MS)).then(
    ({ status }) => status < 500,
    () => false
  )

export type Forgetting = ReturnType<typeof createForgetting>

/** Sees to it that the owner's editor shows no job of the club once it has ended; looks every `pollMs` at first whether it has. */
export function createForgetting(http: ComfyHttp, pollMs: number) {
  const closing = new AbortController()
  const works = new Set<Promise<void>>()

  /** A job is in the queue until the moment in which the history has it. */
  const mayGoOn = async (id: string): Promise<boolean> => {
    try {
      const queue = parseQueue((await http.get('/queue', AbortSignal.timeout(WITHIN_MS))).json)
      return !queue || queue.running.includes(id) || queue.pending.includes(id)
    } catch {
      return true
    }
  }
  const whenEnded = async (id: string): Promise<void> => {
    const until = performance.now() + ENDS_WITHIN_MS
    let pauseMs = pollMs
    while (!closing.signal.aborted && performance.now() < until) {
      if (!(await mayGoOn(id)) && (await forgetJob(http, id))) return
      await sleep(pauseMs, closing.signal).catch(() => undefined) // Then it is looked at no more.
      pauseMs = Math.min(pauseMs * 1.5, LOOK_EVERY_AT_MOST_MS)
    }
    await forgetJob(http, id)
  }

  const soon = (id: string): void => {
    const work = whenEnded(id).finally(() => works.delete(work))
    works.add(work)
  }

  return {
    /** Of a job that the history has. What a proxy that goes away keeps from the server is said again when it can be. */
    now: async (id: string): Promise<void> => {
      if (!(await forgetJob(http, id)) && works.size < MOST_SAID_AGAIN) soon(id)
    },
    /** Of one that failed or was stopped, which is told before the history has it. Nobody waits for it. */
    whenEnded: soon,
    /** Forgets what has ended by now, and looks no more for the rest. */
    close: async (): Promise<void> => {
      closing.abort()
      await Promise.all(works)
    }
  }
}
