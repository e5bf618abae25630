import { seesOthers } from '../assets/may-see.ts'
import type { Principal } from '../lib/principal.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { findOldestWaiting, listModelsWaitedFor } from '../requests/waiting-store.ts'
import { countUnfinished, type Whose } from '../usage/unfinished-store.ts'
import { type ExportParts, exportRequests } from './export-requests.ts'
import { listFailedGroups, listLimitGroups } from './failed-request-store.ts'
import { findHeld } from './find-held.ts'
import { findHourly } from './find-hourly.ts'
import { findRests } from './find-takers.ts'
import { findWait } from './find-wait.ts'
import { listFilterOptions } from './list-filter-options.ts'
import { listQueue } from './list-queue.ts'
import type { LiveProgress } from './live-progress.ts'
import { countQueuedByModel } from './queue-length-store.ts'
import { type PublicKey, listPublicPictures } from './public-picture-store.ts'
import { queueOutlooks } from './queue-outlook.ts'
import { listNames } from './request-search-store.ts'
import { searchSummaries } from './search-summaries.ts'
import { listViews, type RequestView, viewRequest } from './view-request.ts'
import { waitForRequest } from './wait-for-request.ts'
import { watchRequest } from './watch-request.ts'
import { watchRequests, watchRequestsParts } from './watch-requests.ts'

export type RequestViews = ReturnType<typeof createRequestViews>

/** What is shown of requests, with its parts filled in: none of it changes anything. Each lives in the file of its name. */
export function createRequestViews(parts: RequestParts & ExportParts & { live: LiveProgress }) {
  const bind =
    <A extends unknown[], R>(operation: (parts: RequestParts, ...rest: A) => R) =>
    (...rest: A): R =>
      operation(parts, ...rest)
  const { db } = parts.database
  const watching = watchRequestsParts(parts)
  return {
    wait: bind(waitForRequest),
    watch: (watch: Parameters<typeof watchRequest>[1]) => watchRequest(parts, watch),
    watchAll: (watch: Parameters<typeof watchRequests>[1]) => watchRequests(watching, watch),
    /** Throws `not_found`, also when a `reader` is given who may not see it. */
    view: (id: string, reader?: Pick<Principal, 'userId' | 'role'>) =>
      viewRequest(parts, id, reader && { userId: reader.userId, seesOthers: seesOthers(reader, parts.limits) }),
    list: bind(listViews),
    export: (wanted: Parameters<typeof exportRequests>[1]) => exportRequests(parts, wanted),
    search: bind(searchSummaries),
    queue: bind(listQueue),
    /** Public pictures, for everybody. */
    listPublic: (after: PublicKey | undefined) => listPublicPictures(parts.database, after),
    filterOptions: bind(listFilterOptions),
    /** The names of people, by their ids. */
    namesOf: (userIds: readonly string[]) => listNames(db, [...new Set(userIds)]),
    outlooks: bind(queueOutlooks),
    outlookOf: async (view: RequestView) => (await queueOutlooks(parts, [view])).get(view.request.id),
    findWait: bind(findWait),
    findHeld: bind(findHeld),
    findRests: bind(findRests),
    findHourly: bind(findHourly),
    listFailed: (wanted: Parameters<typeof listFailedGroups>[1]) => listFailedGroups(db, wanted),
    listLimited: (wanted: Parameters<typeof listLimitGroups>[1]) => listLimitGroups(db, wanted),
    /** Images of somebody, or of everybody. */
    countUnfinished: (whose?: Whose) => countUnfinished(db, whose),
    /** When the image that waits longest began to; undefined when none waits. */
    findOldestWaiting: () => findOldestWaiting(db),
    /** Models for which an image has waited since before then. */
    listModelsWaitedFor: (before: number) => listModelsWaitedFor(db, before),
    countQueuedByModel: () => countQueuedByModel(db)
  }
}
