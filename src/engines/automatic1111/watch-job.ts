import { sniffMediaType } from '../../images/sniff-media-type.ts'
import { sleep } from '../../lib/async.ts'
import type { EngineRun } from '../engine.ts'
import { isSuccess } from '../upstream-fault.ts'
import type { UpstreamHttp } from '../upstream-http.ts'
import { decodeImageText } from '../image-text.ts'
import { type GlobalProgress, parseGlobalProgress, parseTaskProgress, type TaskProgress } from './automatic1111-api.ts'

/** A preview in base64 and some words. */
const MAX_PROGRESS_BYTES = 8 * 1024 * 1024
/** The last of it ends by itself before it could be stopped, and what runs then may be somebody else's. */
const NEARLY_DONE = 0.95
/** So often a server may not know a task that it was just sent. */
const MOST_UNKNOWN = 4

export interface Job {
  http: UpstreamHttp
  /** As `force_task_id` named it. */
  id: string
  pollMs: number
  /** Nobody else makes images there: whatever the server works on is ours. */
  isDedicated: boolean
}

/** The progress of whatever the server works on; undefined when it does not tell. */
export async function askProgress(
  { http }: Pick<Job, 'http'>,
  signal: AbortSignal,
  { withPreview = false } = {}
): Promise<GlobalProgress | undefined> {
  const answer = await http.get(`/sdapi/v1/progress?skip_current_image=${!withPreview}`, signal, {
    maxBytes: MAX_PROGRESS_BYTES
  })
  return isSuccess(answer) ? parseGlobalProgress(answer.body) : undefined
}

/** The progress of our task; undefined when the server does not tell tasks apart. */
async function askTask({ http, id }: Job, signal: AbortSignal, previewId = -1): Promise<TaskProgress | undefined> {
  const asked = JSON.stringify({ id_task: id, id_live_preview: previewId, live_preview: true })
  const answer = await http.post('/internal/progress', asked, signal, { maxBytes: MAX_PROGRESS_BYTES })
  return isSuccess(answer) ? parseTaskProgress(answer.body) : undefined
}

/**
 * Tells the progress of our job until `signal` aborts. The server's own progress is of whatever it works on, which may be
 * its owner's picture: from servers that do not tell tasks apart none is taken, unless nobody else uses them.
 */
export async function watchJob(
  job: Job,
  { steps, run, signal }: { steps: number; run: EngineRun; signal: AbortSignal }
) {
  let most = 0
  let previewId = -1
  const tell = (part: number) => {
    most = Math.max(most, Math.min(steps, Math.floor(part * steps)))
    run.onProgress(most, steps)
  }
  const show = (preview: string | undefined) => {
    if (preview === undefined) return
    const { bytes } = decodeImageText(preview, MAX_PROGRESS_BYTES)
    const mediaType = sniffMediaType(bytes)
    if (mediaType !== undefined) run.onPreview(bytes, mediaType)
  }
  while (!signal.aborted) {
    try {
      const task = await askTask(job, signal, previewId)
      if (task?.isActive) {
        run.onBegun()
        tell(task.part)
        if (task.previewId !== previewId) show(task.preview)
        previewId = task.previewId
      } else if (!task?.isQueued && !task?.isCompleted) {
        if (!job.isDedicated) {
          // It will not tell later either.
          if (task === undefined) return
        } else {
          const progress = await askProgress(job, signal, { withPreview: true })
          if (progress === undefined) return
          if (!progress.isIdle && progress.steps > 0) {
            tell(progress.step / progress.steps)
            show(progress.preview)
          }
        }
      }
    } catch {
      // The image counts, not what is told of it meanwhile: the call that makes it will tell what is wrong.
    }
    await sleep(job.pollMs, signal).catch(() => undefined) // The signal is looked at next.
  }
}

/**
 * Stops our job, which nobody wants any more, as soon as the server works on it. Servers know one way to stop: whatever
 * runs. So it is used only while the job that runs is known to be ours, and never near its end; a job that waits behind
 * others cannot be withdrawn and is stopped when its turn comes. Ends by itself after `patienceMs`.
 */
export async function stopJob(job: Job, { signal, patienceMs }: { signal: AbortSignal; patienceMs: number }) {
  const until = performance.now() + patienceMs
  let unknown = 0
  while (!signal.aborted && performance.now() < until) {
    const task = await askTask(job, signal)
    if (task?.isActive) {
      if (task.part < NEARLY_DONE) await interrupt(job, signal)
      return
    }
    if (task?.isCompleted) return
    // The call may not have got there yet.
    if (task && !task.isQueued) unknown += 1
    if (!task || unknown > MOST_UNKNOWN) {
      if (!job.isDedicated) return
      const progress = await askProgress(job, signal)
      if (progress && !progress.isIdle) await interrupt(job, signal)
      return
    }
    await sleep(job.pollMs, signal)
  }
}

const interrupt = ({ http }: Job, signal: AbortSignal) => http.post('/sdapi/v1/interrupt', '{}', signal)
