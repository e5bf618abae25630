import type { Db } from '../db/database.ts'
import { hasEnded } from '../requests/request-states.ts'
import { listInOrder, readViews, type View } from './read-views.ts'
import {
  type AttemptGlance,
  type ImageRow,
  listAttemptGlances,
  listImages,
  listTaskGlances,
  type TaskGlance
} from './request-search-store.ts'

/** The part of a request's view that lists show. Its tasks are not read when it has ended. */
export type SummaryView = View<
  Omit<TaskGlance, 'request_id'>,
  Omit<AttemptGlance, 'request_id'>,
  Omit<ImageRow, 'request_id'>
>

/**
 * Summaries of those of these requests that exist, in the order of `ids`. It takes as many queries for two hundred
 * requests as for one.
 */
export const viewSummaries = async (db: Db, ids: readonly string[]): Promise<SummaryView[]> =>
  readViews(db, await listInOrder(db, ids), {
    tasks: async (requests) => {
      const unfinished = requests.filter((request) => !hasEnded(request.state)).map(({ id }) => id)
      return unfinished.length === 0 ? [] : listTaskGlances(db, unfinished)
    },
    attempts: listAttemptGlances,
    images: listImages
  })
