import { cancelRequest } from './cancel-request.ts'
import { claimTask } from './claim-task.ts'
import { connectAgent } from './connect-agent.ts'
import { deleteRequest } from './delete-request.ts'
import { disconnectAgent } from './disconnect-agent.ts'
import { eraseRequests } from './erase-requests.ts'
import { expireLeases } from './expire-leases.ts'
import { expireWaiting } from './expire-waiting.ts'
import { failAttempt } from './fail-attempt.ts'
import { finishAttempt } from './finish-attempt.ts'
import { giveGrace } from './give-grace.ts'
import { followClock } from './follow-clock.ts'
import { forgetIdempotencyKeys } from './idempotency-store.ts'
import { listFailedRequests } from '../request-views/failed-request-store.ts'
import { findWait } from '../request-views/find-wait.ts'
import { findInput } from './input-name.ts'
import { listFilterOptions } from '../request-views/list-filter-options.ts'
import { listQueue } from '../request-views/list-queue.ts'
import type { LiveProgress } from '../request-views/live-progress.ts'
import { findHeldAttempt } from './lease-token.ts'
import { noteProgress } from './note-progress.ts'
import { renewConnections } from './renew-connections.ts'
import { queueOutlooks } from '../request-views/queue-outlook.ts'
import { countUnfinished } from './queue-store.ts'
import type { RequestParts } from './request-parts.ts'
import { listNames, listProvidersByRequest } from '../request-views/request-search-store.ts'
import { requireStorageRoom } from './require-storage-room.ts'
import { retryRequest } from './retry-request.ts'
import { type RequestSearch, searchRequests } from '../request-views/search-requests.ts'
import { submitRequest } from './submit-request.ts'
import { countQueuedByModel, countTasksByState, findOldestWaiting, listModelsWaitedFor } from './task-store.ts'
import { listViews, parametersOf, viewRequest } from '../request-views/view-request.ts'
import { waitForRequest } from '../request-views/wait-for-request.ts'
import { watchRequest } from '../request-views/watch-request.ts'
import { watchRequests, watchRequestsParts } from '../request-views/watch-requests.ts'

export type Requests = ReturnType<typeof createRequests>

/** The operations on requests with their parts filled in. Each lives in the file of its name. */
export function createRequests(parts: RequestParts & { live: LiveProgress }) {
  const bind =
    <A extends unknown[], R>(operation: (parts: RequestParts, ...rest: A) => R) =>
    (...rest: A): R =>
      operation(parts, ...rest)
  const watching = watchRequestsParts(parts)
  return {
    submit: bind(submitRequest),
    wait: bind(waitForRequest),
    watch: (watch: Parameters<typeof watchRequest>[1]) => watchRequest(parts, watch),
    watchAll: (watch: Parameters<typeof watchRequests>[1]) => watchRequests(watching, watch),
    view: bind(viewRequest),
    list: bind(listViews),
    search: (search: RequestSearch) => searchRequests(parts, search),
    queue: bind(listQueue),
    filterOptions: bind(listFilterOptions),
    providersOf: (ids: readonly string[]) => listProvidersByRequest(parts.database.db, ids),
    /** The names of people, by their ids. */
    namesOf: (userIds: readonly string[]) => listNames(parts.database.db, [...new Set(userIds)]),
    outlooks: bind(queueOutlooks),
    findWait: bind(findWait),
    retry: bind(retryRequest),
    remove: bind(deleteRequest),
    erase: bind(eraseRequests),
    listFailed: (page: Parameters<typeof listFailedRequests>[1]) => listFailedRequests(parts.database.db, page),
    parametersOf: bind(parametersOf),
    cancel: bind(cancelRequest),
    countTasksByState: () => countTasksByState(parts.database.db),
    countUnfinishedOf: (userId: string) => countUnfinished(parts.database.db, userId),
    /** When the image that waits longest began to; undefined when none waits. */
    findOldestWaiting: () => findOldestWaiting(parts.database.db),
    /** Models for which an image has waited since before then. */
    listModelsWaitedFor: (before: number) => listModelsWaitedFor(parts.database.db, before),
    countQueuedByModel: () => countQueuedByModel(parts.database.db),
    /** Throws `insufficient_quota` when somebody has stored as much as they may. */
    requireStorageRoom: (userId: string) => requireStorageRoom(parts.database.db, { limits: parts.limits, userId }),
    claim: bind(claimTask),
    findAttempt: bind(findHeldAttempt),
    findInput: bind(findInput),
    finish: bind(finishAttempt),
    fail: bind(failAttempt),
    connectAgent: bind(connectAgent),
    disconnectAgent: bind(disconnectAgent),
    renewConnections: bind(renewConnections),
    noteProgress: bind(noteProgress),
    giveGrace: bind(giveGrace),
    followClock: bind(followClock),
    forgetKeys: () => forgetIdempotencyKeys(parts.database.db, parts.database.clock.now()),
    expireLeases: bind(expireLeases),
    expireWaiting: bind(expireWaiting)
  }
}
