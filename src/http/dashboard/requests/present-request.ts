import type { Look } from '../../../assets/look-store.ts'
import { type QueueOutlook, shownState } from '../../../request-views/queue-outlook.ts'
import type { RequestView } from '../../../request-views/view-request.ts'
import type { SummaryView } from '../../../request-views/view-summaries.ts'
import { readUnbegun } from '../../../requests/unbegun.ts'
import { expiryOf, jobError, presentParameters, progressOf } from '../../openai/present-job.ts'
import type { AttemptInfo, ImageInfo, RequestDetail, RequestKind, RequestSummary } from '../contract/requests.ts'

export interface SummaryOptions {
  owner: RequestSummary['owner']
  /** Of one that has not ended: without it nobody could tell one that runs from one that waits anew. */
  queue: QueueOutlook | undefined
}

export interface DetailOptions extends SummaryOptions {
  /** The key it was made with; null: it was made in the dashboard. */
  key: RequestDetail['key']
  /** Who reads it. */
  readerId: string
  /** Which admins looked at it, for its owner. */
  looks: readonly Look[]
}

/** A request as lists, the queue and live events show it. */
export function presentSummary(view: SummaryView, { owner, queue }: SummaryOptions): RequestSummary {
  const { request, parameters, inputs } = view
  const mask = inputs.find((input) => input.kind === 'mask')
  return {
    id: request.id,
    kind: request.kind as RequestKind,
    status: shownState(view, queue),
    model: request.model,
    prompt: request.prompt,
    n: request.n,
    owner,
    visibility: request.visibility,
    takenDown:
      request.taken_down_at === null ? null : { reason: request.taken_down_for ?? 'other', at: request.taken_down_at },
    expiresAt: expiryOf(request),
    expiresIn: request.expires_in,
    pinned: request.pinned === 1,
    createdAt: request.created_at,
    startedAt: request.started_at,
    finishedAt: request.finished_at,
    images: view.outputs.map(presentImage),
    inputs: inputs.filter((input) => input !== mask).map(presentImage),
    mask: mask ? presentImage(mask) : null,
    progress: progressOf(view),
    making: makingOf(view),
    size: parameters.size ? { width: parameters.size.width, height: parameters.size.height } : null,
    queuePosition: queue?.position ?? null,
    etaSeconds: queue?.etaSeconds ?? null,
    etaToldAt: queue?.toldAt ?? null,
    isOverdue: queue?.isOverdue ?? false,
    wait: queue?.wait ? { ...queue.wait, until: queue.wait.until ?? null } : null,
    providers: [...new Set(view.attempts.map((attempt) => attempt.provider_name))],
    error: presentFailure(view)
  }
}

/** Many of them; `names` are those of their owners, `outlooks` are by request id. */
export const presentSummaries = (
  views: readonly SummaryView[],
  { names, outlooks }: { names: ReadonlyMap<string, string>; outlooks: ReadonlyMap<string, QueueOutlook> }
): RequestSummary[] =>
  views.map((view) => {
    const { id, user_id } = view.request
    return presentSummary(view, { owner: { id: user_id, name: names.get(user_id) ?? '' }, queue: outlooks.get(id) })
  })

/** A request with everything that its page shows. */
export function presentDetail(view: RequestView, { key, readerId, looks, ...options }: DetailOptions): RequestDetail {
  const { request } = view
  return {
    ...presentSummary(view, options),
    parameters: presentParameters(view.parameters, request.n),
    warnings: view.warnings,
    revisedPrompts: view.outputs.flatMap(({ id, position }) => {
      const prompt = view.reports.get(id)?.revised_prompt
      return prompt === undefined ? [] : [{ image: position, prompt }]
    }),
    attempts: view.attempts.map((attempt) => presentAttempt(view, attempt)),
    key,
    batchId: request.batch_id,
    isAsync: request.is_async === 1,
    isMine: request.user_id === readerId,
    seenBy: looks.map((look) => ({
      id: look.viewer_id,
      name: look.name,
      firstAt: look.first_at,
      lastAt: look.last_at,
      times: look.times
    }))
  }
}

function makingOf({ tasks, attempts }: SummaryView): RequestSummary['making'] {
  const began = new Map(attempts.map((attempt) => [attempt.id, attempt.assigned_at]))
  return tasks.flatMap(({ state, position, current_attempt_id }) => {
    const since = state === 'running' ? began.get(current_attempt_id ?? '') : undefined
    return since === undefined ? [] : [{ image: position, since }]
  })
}

const presentImage = (image: SummaryView['outputs'][number]): ImageInfo => ({
  id: image.id,
  position: image.position,
  width: image.width,
  height: image.height,
  mediaType: image.media_type,
  bytes: image.bytes,
  seed: image.seed
})

function presentFailure(view: SummaryView): RequestSummary['error'] {
  if (view.request.state !== 'failed') return null
  const { code, message } = jobError(view)
  const unbegun = readUnbegun(view.request)
  return { code, message, ...(unbegun && { unbegun }) }
}

type Attempt = RequestView['attempts'][number]

const presentAttempt = (view: RequestView, attempt: Attempt): AttemptInfo => ({
  image: attempt.position,
  provider: attempt.provider_name,
  owner: { id: attempt.owner_id, name: attempt.owner_name },
  service: attempt.service_name,
  state: attempt.state,
  progress: attempt.progress,
  reason: attempt.reason,
  message: attempt.reason_message,
  queuedAt: waitingSince(view, attempt),
  assignedAt: attempt.assigned_at,
  progressedAt: attempt.progressed_at,
  generatingMs: attempt.generating_ms,
  finishedAt: attempt.finished_at
})

/** The latest of what may have put its image into the queue: the request, a retry of it, the end of the attempt before. */
function waitingSince({ request, tasks, attempts }: RequestView, attempt: Attempt): number {
  const task = tasks.find((one) => one.id === attempt.task_id)
  const before = attempts.filter((one) => one.task_id === attempt.task_id && one.id !== attempt.id)
  const moments = [request.created_at, task?.queued_at, ...before.map((one) => one.finished_at)]
  const known = moments.filter((at) => typeof at === 'number' && at <= attempt.assigned_at) as number[]
  return Math.max(...known)
}
