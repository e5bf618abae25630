import { cancelRequest } from './cancel-request.ts'
import { claimTask } from './claim-task.ts'
import { connectAgent } from './connect-agent.ts'
import { deleteRequest } from './delete-request.ts'
import { disconnectAgent } from './disconnect-agent.ts'
import { expireLeases } from './expire-leases.ts'
import { expireWaiting } from './expire-waiting.ts'
import { failAttempt } from './fail-attempt.ts'
import { finishAttempt } from './finish-attempt.ts'
import { giveGrace } from './give-grace.ts'
import { forgetIdempotencyKeys } from './idempotency-store.ts'
import { findInput } from './input-name.ts'
import type { LiveProgress } from './live-progress.ts'
import { findHeldAttempt } from './lease-token.ts'
import { noteProgress } from './note-progress.ts'
import { renewConnections } from './renew-connections.ts'
import { queueOutlooks } from './queue-outlook.ts'
import type { RequestParts } from './request-parts.ts'
import { requireOwnRequest } from './require-own-request.ts'
import { retryRequest } from './retry-request.ts'
import { submitRequest } from './submit-request.ts'
import { countQueuedByModel, countTasksByState } from './task-store.ts'
import { listViews, parametersOf, viewRequest } from './view-request.ts'
import { waitForRequest } from './wait-for-request.ts'
import { watchRequest } from './watch-request.ts'

export type Requests = ReturnType<typeof createRequests>

/** The operations on requests with their parts filled in. Each lives in the file of its name. */
export function createRequests(parts: RequestParts & { live: LiveProgress }) {
  const bind =
    <A extends unknown[], R>(operation: (parts: RequestParts, ...rest: A) => R) =>
    (...rest: A): R =>
      operation(parts, ...rest)
  return {
    submit: bind(submitRequest),
    wait: bind(waitForRequest),
    watch: (watch: Parameters<typeof watchRequest>[1]) => watchRequest(parts, watch),
    view: bind(viewRequest),
    list: bind(listViews),
    outlooks: bind(queueOutlooks),
    requireOwn: (own: Parameters<typeof requireOwnRequest>[1]) => requireOwnRequest(parts.database.db, own),
    retry: bind(retryRequest),
    remove: bind(deleteRequest),
    parametersOf: bind(parametersOf),
    cancel: bind(cancelRequest),
    countTasksByState: () => countTasksByState(parts.database.db),
    countQueuedByModel: () => countQueuedByModel(parts.database.db),
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
    forgetKeys: () => forgetIdempotencyKeys(parts.database.db, parts.database.clock.now()),
    expireLeases: bind(expireLeases),
    expireWaiting: bind(expireWaiting)
  }
}
