import { parseQueue } from './comfyui-api.ts'
import type { ComfyHttp } from './comfyui-http.ts'

/** A server that does not answer keeps nobody waiting for longer. */
const WITHIN_MS = 4_000

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

/** Removes a job that has ended from what the owner's editor shows, its prompt with it. Never rejects. */
export async function forgetJob(http: ComfyHttp, id: string): Promise<void> {
  await http.post('/history', { delete: [id] }, AbortSignal.timeout(WITHIN_MS)).catch(() => undefined) // It is no harm.
}
