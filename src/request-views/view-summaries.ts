import type { Db } from '../db/database.ts'
import type { ImageParameters } from '../images/image-request.ts'
import {
  type AttemptGlance,
  type ImageRow,
  listAttemptGlances,
  listImages,
  listTaskGlances,
  type TaskGlance
} from './request-search-store.ts'
import { hasEnded } from '../requests/request-states.ts'
import { listRequestsById, type RequestRow } from '../requests/request-store.ts'

/** The part of a request's view that lists show. */
export interface SummaryView {
  request: RequestRow
  parameters: ImageParameters
  /** Not read of a request that has ended. */
  tasks: readonly Omit<TaskGlance, 'request_id'>[]
  /** In the order they began. */
  attempts: readonly Omit<AttemptGlance, 'request_id'>[]
  /** Source images in the caller's order, then the mask. */
  inputs: readonly Omit<ImageRow, 'request_id'>[]
  /** Finished images in the order of their tasks. */
  outputs: readonly Omit<ImageRow, 'request_id'>[]
}

/**
 * Summaries of those of these requests that exist, in the order of `ids`. It takes as many queries for two hundred
 * requests as for one.
 */
export async function viewSummaries(db: Db, ids: readonly string[]): Promise<SummaryView[]> {
  if (ids.length === 0) return []
  const rows = new Map((await listRequestsById(db, ids)).map((row) => [row.id, row]))
  const requests = ids.flatMap((id) => rows.get(id) ?? [])
  const unfinished = requests.filter((request) => !hasEnded(request.state)).map(({ id }) => id)
  const byRequest = <T extends { request_id: string }>(found: readonly T[]) =>
    Map.groupBy(found, (row) => row.request_id)
  const tasksOf = byRequest(unfinished.length === 0 ? [] : await listTaskGlances(db, unfinished))
  const attemptsOf = byRequest(await listAttemptGlances(db, ids))
  const imagesOf = byRequest(await listImages(db, ids))
  return requests.map((request) => {
    const images = imagesOf.get(request.id) ?? []
    return {
      request,
      parameters: JSON.parse(request.parameters) as ImageParameters,
      tasks: tasksOf.get(request.id) ?? [],
      attempts: attemptsOf.get(request.id) ?? [],
      inputs: images.filter((image) => image.kind !== 'output'),
      outputs: images.filter((image) => image.kind === 'output')
    }
  })
}
