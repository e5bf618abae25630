import type { Db } from '../db/database.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { listRequestsById, type RequestRow } from '../requests/request-store.ts'

/** A request with what belongs to it, of which the lists of one page may show less than the page of one request. */
export interface View<Task, Attempt, Image> {
  request: RequestRow
  parameters: ImageParameters
  tasks: readonly Task[]
  /** In the order in which they began. */
  attempts: readonly Attempt[]
  /** Source images in the caller's order, then the mask. */
  inputs: readonly Image[]
  /** Finished images in the order of their tasks. */
  outputs: readonly Image[]
}

interface OfRequest {
  request_id: string
}

/** The views of these requests, in their order. It takes as many queries for two hundred requests as for one. */
export async function readViews<
  Task extends OfRequest,
  Attempt extends OfRequest,
  Image extends OfRequest & { kind: string }
>(
  db: Db,
  requests: readonly RequestRow[],
  list: {
    tasks: (requests: readonly RequestRow[]) => Promise<Task[]>
    attempts: (db: Db, ids: readonly string[]) => Promise<Attempt[]>
    images: (db: Db, ids: readonly string[]) => Promise<Image[]>
  }
): Promise<View<Task, Attempt, Image>[]> {
  if (requests.length === 0) return []
  const ids = requests.map(({ id }) => id)
  const tasksOf = byRequest(await list.tasks(requests))
  const attemptsOf = byRequest(await list.attempts(db, ids))
  const imagesOf = byRequest(await list.images(db, ids))
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

/** Those of these requests that exist, in the order of `ids`. */
export async function listInOrder(db: Db, ids: readonly string[]): Promise<RequestRow[]> {
  if (ids.length === 0) return []
  const rows = new Map((await listRequestsById(db, ids)).map((row) => [row.id, row]))
  return ids.flatMap((id) => rows.get(id) ?? [])
}

const byRequest = <T extends OfRequest>(rows: readonly T[]): Map<string, T[]> =>
  Map.groupBy(rows, (row) => row.request_id)
