import type { QueueState, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { Submission } from '../submit/submissions.ts'

/** A request on the stage. */
export interface StageEntry {
  request: RequestSummary
  /** While the server's list does not have it yet. */
  submission: Submission | null
}

/** Newest first: what is on its way, then what the server knows, with the places that only the queue tells. */
export function stageEntries(options: {
  requests: readonly RequestSummary[]
  submissions: readonly Submission[]
  queue: QueueState | undefined
}): StageEntry[] {
  const { requests, submissions, queue } = options
  const known = new Set(requests.map(({ id }) => id))
  const places = new Map(queue?.items.map((item) => [item.id, item]))
  return [
    ...submissions
      .filter(({ request }) => !known.has(request.id))
      .map((submission) => ({ request: submission.request, submission })),
    ...requests.map((request) => ({ request: withPlace(request, places.get(request.id)), submission: null }))
  ]
}

/** Lists do not ask for places; events do tell them. */
function withPlace(request: RequestSummary, queued: RequestSummary | undefined): RequestSummary {
  if (!queued || !isUnfinished(request)) return request
  return {
    ...request,
    queuePosition: request.queuePosition ?? (request.status === queued.status ? queued.queuePosition : null),
    ...(request.etaSeconds === null && { etaSeconds: queued.etaSeconds, etaToldAt: queued.etaToldAt }),
    wait: request.wait ?? (request.status === queued.status ? queued.wait : null)
  }
}

export const isUnfinished = ({ status }: Pick<RequestSummary, 'status'>): boolean =>
  status === 'queued' || status === 'running'
