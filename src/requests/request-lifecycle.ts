import { cancelRequest } from './cancel-request.ts'
import { changeRequest } from './change-request.ts'
import { claimTasks } from './claim-tasks.ts'
import { connectAgent } from './connect-agent.ts'
import { deleteRequest } from './delete-request.ts'
import { disconnectAgent } from './disconnect-agent.ts'
import { eraseRequests } from './erase-requests.ts'
import { expireLeases } from './expire-leases.ts'
import { expireWaiting } from './expire-waiting.ts'
import { failAttempt } from './fail-attempt.ts'
import { createFinishAttempt } from './finish-attempt.ts'
import { giveGrace } from './give-grace.ts'
import { giveUpRequest } from './give-up-request.ts'
import { followClock } from './follow-clock.ts'
import { forgetIdempotencyKeys } from './idempotency-store.ts'
import { findExpectedImage } from './find-expected-image.ts'
import { forgetPrompts, indexPrompts } from './index-prompts.ts'
import { findRations } from './find-rations.ts'
import { findReachedCaps } from './find-reached-caps.ts'
import { listExpectedTimes } from './expected-times-store.ts'
import { findInput, listSources } from './input-name.ts'
import { findHeldAttempt } from './lease-token.ts'
import { noteDelivered } from './note-delivered.ts'
import { noteProgress } from './note-progress.ts'
import { renewConnections } from './renew-connections.ts'
import type { RequestParts } from './request-parts.ts'
import { requireStorageRoom } from './require-storage-room.ts'
import { readHoldMs } from './retention-store.ts'
import { requireMayDelete } from './require-may-delete.ts'
import { retryRequest } from './retry-request.ts'
import { listShares, shareRequest, unshareRequest } from './share-request.ts'
import { dismissReports, listPictureReports, reportPicture } from './report-picture.ts'
import { releaseStandby, startStandby } from './standby.ts'
import { liftTakeDown, takeDownRequest } from './take-down.ts'
import { submitRequest } from './submit-request.ts'
import { sweepRequests } from './sweep-requests.ts'

export type RequestLifecycle = ReturnType<typeof createRequestLifecycle>

/** What changes a request, with its parts filled in. Each operation lives in the file of its name. */
export function createRequestLifecycle(parts: RequestParts) {
  const bind =
    <A extends unknown[], R>(operation: (parts: RequestParts, ...rest: A) => R) =>
    (...rest: A): R =>
      operation(parts, ...rest)
  return {
    submit: bind(submitRequest),
    retry: bind(retryRequest),
    change: bind(changeRequest),
    share: bind(shareRequest),
    unshare: bind(unshareRequest),
    listShares: bind(listShares),
    reportPicture: bind(reportPicture),
    listReports: bind(listPictureReports),
    dismissReports: bind(dismissReports),
    takeDown: bind(takeDownRequest),
    liftTakeDown: bind(liftTakeDown),
    remove: bind(deleteRequest),
    erase: bind(eraseRequests),
    sweep: bind(sweepRequests),
    requireMayDelete: bind(requireMayDelete),
    indexPrompts: bind(indexPrompts),
    forgetPrompts: bind(forgetPrompts),
    /** For how long nothing is deleted by the clock, milliseconds: see `noteClock`. */
    readClockHoldMs: () => readHoldMs(parts.database.db),
    noteDelivered: bind(noteDelivered),
    cancel: bind(cancelRequest),
    giveUp: bind(giveUpRequest),
    /** Throws `insufficient_quota` when somebody has stored as much as they may. */
    requireStorageRoom: (userId: string) => requireStorageRoom(parts.database.db, { limits: parts.limits, userId }),
    claim: bind(claimTasks),
    startStandby: bind(startStandby),
    releaseStandby: bind(releaseStandby),
    findAttempt: bind(findHeldAttempt),
    findInput: bind(findInput),
    listExpectedTimes: (attemptIds: readonly string[]) => listExpectedTimes(parts.database.db, attemptIds),
    listSources: bind(listSources),
    findExpectedImage: bind(findExpectedImage),
    findReachedCaps: bind(findReachedCaps),
    findRations: (fresh: Parameters<typeof findRations>[1]) =>
      findRations(parts.database.db, fresh, {
        now: parts.database.clock.now(),
        offering: parts.providers.offering
      }),
    finish: createFinishAttempt(parts),
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
