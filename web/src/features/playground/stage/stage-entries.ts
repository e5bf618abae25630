import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { Submission } from '../submit/submissions.ts'

/** A request on the stage. */
export interface StageEntry {
  request: RequestSummary
  /** While the server's list does not have it yet. */
  submission: Submission | null
}

/** Newest first: what is on its way, then what the server knows. */
export function stageEntries(options: {
  requests: readonly RequestSummary[]
  submissions: readonly Submission[]
}): StageEntry[] {
  const { requests, submissions } = options
  const known = new Set(requests.map(({ id }) => id))
  return [
    ...submissions
      .filter(({ request }) => !known.has(request.id))
      .map((submission) => ({ request: submission.request, submission })),
    ...requests.map((request) => ({ request, submission: null }))
  ]
}
