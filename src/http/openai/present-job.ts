import { toUnixSeconds } from '../../lib/clock.ts'
import { type ErrorCode, errors } from '../../lib/errors.ts'
import { FIELDS } from '../../images/fields.ts'
import type { ImageParameters } from '../../images/image-request.ts'
import { formatSize } from '../../images/sizes.ts'
import type { Wait } from '../../request-views/wait-of-held.ts'
import { type QueueOutlook, shownState } from '../../request-views/queue-outlook.ts'
import { hasEnded, type RequestState } from '../../requests/request-states.ts'
import type { RequestView } from '../../request-views/view-request.ts'
import type { SummaryView } from '../../request-views/view-summaries.ts'
import { presentError } from '../../lib/raw-answer.ts'
import type { ImageUrl } from '../image-url.ts'
import { presentImages } from './present-images.ts'

/** The wire's spelling of the states, here and nowhere else. */
const WIRE_STATUS = {
  queued: 'QUEUED',
  running: 'PROCESSING',
  succeeded: 'PROCESSED',
  failed: 'FAILED',
  canceled: 'CANCELED'
} as const satisfies Record<RequestState, string>

type WireStatus = (typeof WIRE_STATUS)[RequestState]
export const WIRE_STATUSES = Object.values(WIRE_STATUS)

export const parseStatus = (status: WireStatus): RequestState =>
  (Object.keys(WIRE_STATUS) as RequestState[]).find((state) => WIRE_STATUS[state] === status) ?? 'queued'

export const presentStatus = (state: RequestState): string => WIRE_STATUS[state]

const seconds = (ms: number | null): number | null => (ms === null ? null : toUnixSeconds(ms))

/** What `async: true` is answered with: a new job as queued, though it may have begun since, one called for `again` as it stands. */
export const presentAccepted = (
  view: Pick<RequestView, 'request' | 'tasks' | 'warnings'>,
  again?: { queue: QueueOutlook | undefined }
) => ({
  ...(again ? presentEnvelope(view, again.queue) : { ...envelopeOf(view), status: WIRE_STATUS.queued }),
  ...presentWarnings(view)
})

/** What every job begins with; it stands as people are shown it. */
export const presentEnvelope = (view: Pick<RequestView, 'request' | 'tasks'>, queue?: QueueOutlook) => ({
  ...envelopeOf(view),
  status: presentStatus(shownState(view, queue))
})

const envelopeOf = ({ request }: Pick<RequestView, 'request'>) => ({
  id: request.id,
  object: 'inference.job',
  status: presentStatus(request.state),
  inference_type: 'IMAGE',
  model: request.model,
  created: toUnixSeconds(request.created_at),
  queued_at: new Date(request.created_at).toISOString()
})

export interface JobOptions {
  imageUrl: ImageUrl
  /** Of a job that has not ended. */
  queue?: QueueOutlook | undefined
}

/** A job with what a synchronous call would have been answered. */
export async function presentJob(view: RequestView, options: JobOptions) {
  return {
    ...presentListedJob(view, options),
    parameters: presentParameters(view.parameters, view.request.n),
    ...(hasResult(view) && { result: presentImages(view, options) })
  }
}

/** What was not done as asked, as far as it is known: before a job has a result, too. */
const presentWarnings = ({ warnings }: Pick<RequestView, 'warnings'>) => (warnings.length > 0 ? { warnings } : {})

/** A job as a list shows it: without its `result`, and without the fields that are unknown here, which may be large. */
export function presentListedJob(view: RequestView, options: JobOptions) {
  const { request, outputs } = view
  const { imageUrl, queue } = options
  return {
    ...presentEnvelope(view, queue),
    kind: request.kind,
    prompt: request.prompt,
    visibility: request.visibility,
    ...(request.taken_down_at !== null && {
      taken_down: { reason: request.taken_down_for ?? 'other', at: toUnixSeconds(request.taken_down_at) }
    }),
    expires_in: request.expires_in,
    expires_at: seconds(expiryOf(request)),
    pinned: request.pinned === 1,
    parameters: presentParameters({ ...view.parameters, extra: {} }, request.n),
    inputs: view.inputs.map((input) => ({
      kind: input.kind,
      asset_id: input.id,
      url: imageUrl(input, request),
      media_type: input.media_type,
      width: input.width,
      height: input.height,
      bytes: input.bytes
    })),
    progress: progressOf(view),
    ...(queue?.position !== undefined && { queue_position: queue.position }),
    ...(queue?.etaSeconds !== undefined && { eta_seconds: queue.etaSeconds }),
    ...(queue?.wait && { waiting: presentWait(queue.wait) }),
    ...presentWarnings(view),
    started_at: seconds(request.started_at),
    finished_at: seconds(request.finished_at),
    attempts: view.attempts.map((attempt) => ({
      image: attempt.position,
      provider: attempt.provider_name,
      service: attempt.service_name,
      status: attempt.state,
      reason: attempt.reason_message === null ? attempt.reason : `${attempt.reason}: ${attempt.reason_message}`,
      started_at: toUnixSeconds(attempt.assigned_at),
      finished_at: seconds(attempt.finished_at)
    })),
    ...(hasResult(view) && outputs[0] && { result_url: imageUrl(outputs[0], request) }),
    ...(request.state === 'failed' && { error: jobError(view) })
  }
}

/** When a request is deleted because its time is over, UTC milliseconds; null: as far as is known it is not. */
export const expiryOf = ({ expires_at, pinned }: RequestView['request']): number | null =>
  pinned === 1 ? null : expires_at

/** Rounded up: at that second it has ended. */
export const presentWait = ({ reason, until, givesUpAt, isOwnShare, also, beingMade }: Wait) => ({
  reason,
  ...(until !== undefined && { until: Math.ceil(until / 1000) }),
  ...(givesUpAt !== undefined && { gives_up_at: Math.ceil(givesUpAt / 1000) }),
  ...(isOwnShare && { own_share: true }),
  ...(also && { also }),
  ...(beingMade !== undefined && { being_made: beingMade })
})

/** Images that were finished before a request was canceled are its result, too. */
const hasResult = ({ request, outputs }: RequestView): boolean => hasEnded(request.state) && outputs.length > 0

/** The `error` member of a failed job, as a synchronous call would have been answered. */
export const jobError = ({ request }: Pick<RequestView, 'request'>) =>
  presentError(
    errors.recorded(
      (request.error_code ?? 'upstream_error') as ErrorCode,
      request.error_message ?? '',
      request.error_param
    )
  ).error

/** Percent over all images of the request. */
export function progressOf({ request, tasks, attempts }: SummaryView): number {
  if (request.state === 'succeeded') return 100
  const current = new Map(attempts.map((attempt) => [attempt.id, attempt.progress]))
  const parts = tasks.map((task) =>
    task.state === 'succeeded' ? 100 : task.state === 'running' ? (current.get(task.current_attempt_id ?? '') ?? 0) : 0
  )
  return Math.floor(parts.reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length))
}

/** As the caller spells them. */
export function presentParameters(parameters: ImageParameters, n: number): Record<string, unknown> {
  const { size, size_unasked: _ours, extra, ...same } = parameters
  return { n, size: size ? formatSize(size) : FIELDS.size.default, ...same, ...extra }
}
