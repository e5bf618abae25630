import { useEffect, useState } from 'react'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { live } from '../../lib/live.ts'
import { isUnfinished } from '../../lib/one-request.ts'

const MOST = 6

/** The last requests that ended while the page is open, newest first, as live events tell. */
export function useJustFinished(): readonly RequestSummary[] {
  const [finished, setFinished] = useState<readonly RequestSummary[]>([])
  useEffect(() => {
    const stops = [
      live.on('request', (request) => setFinished((before) => noteRequest(before, request))),
      live.on('removed', ({ id }) => setFinished((before) => before.filter((one) => one.id !== id)))
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }, [])
  return finished
}

/** The list after a request has changed: one that is tried again has not ended any more. */
export function noteRequest(finished: readonly RequestSummary[], request: RequestSummary): readonly RequestSummary[] {
  const hasEnded = !isUnfinished(request.status)
  const isKnown = finished.some(({ id }) => id === request.id)
  if (hasEnded && isKnown) return finished.map((one) => (one.id === request.id ? request : one))
  if (hasEnded) return [request, ...finished].slice(0, MOST)
  return isKnown ? finished.filter(({ id }) => id !== request.id) : finished
}
