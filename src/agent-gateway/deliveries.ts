import type { Bell } from '../db/bell.ts'
import { inBackground } from '../lib/async.ts'
import { type AppError, errors } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import type { AttemptRow } from '../requests/attempt-store.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import { hearOfAttempt } from '../requests/bell-hints.ts'
import type { Budgets } from '../usage/budgets.ts'

/** An image on its way from an agent. */
export interface Delivery {
  /** Aborts with an `AppError` when the image is not to be received any further. */
  signal: AbortSignal
  end(): void
}

export interface Deliveries {
  /**
   * Begins to receive an image of an attempt that has just been read; `bytes` is how large it may become. A newer delivery takes the place of one
   * that is still coming: an agent sends again because the connection of the first has broken, whether or not we know.
   * Throws `rate_limit_exceeded` when too much is on its way for the provider's owner, or for all.
   */
  begin(attempt: AttemptRow, transfer: { ownerId: string; bytes: number }): Delivery
}

export interface DeliveriesParts {
  budgets: Budgets
  requests: Pick<RequestLifecycle, 'findAttempt'>
  bell: Bell
  logger: Logger
}

/** Knows which images are arriving, one at most for each attempt. */
export function createDeliveries({ budgets, requests, bell, logger }: DeliveriesParts): Deliveries {
  const arriving = new Map<string, (why: AppError) => void>()
  return {
    begin: (attempt, { ownerId, bytes }) => {
      arriving.get(attempt.id)?.(errors.deliverySuperseded())
      const leave = budgets.enter('bytesInFlight', ownerId, bytes)
      const stopping = new AbortController()
      const end = () => {
        leave()
        forget()
        if (arriving.get(attempt.id) === stop) arriving.delete(attempt.id)
      }
      const stop = (why: AppError) => {
        end()
        stopping.abort(why)
      }
      const look = async () => {
        const now = await requests.findAttempt(attempt.id)
        if (now?.state !== 'running' && now?.state !== 'lapsed') stop(errors.leaseLost())
      }
      // Whether it still counts is asked again when it has arrived.
      const lookAside = () =>
        inBackground(look(), (error) => logger.warn({ err: error }, 'an attempt could not be looked at'))
      const forget = hearOfAttempt(bell, { requestId: attempt.request_id, attemptId: attempt.id }, lookAside)
      arriving.set(attempt.id, stop)
      return { signal: stopping.signal, end }
    }
  }
}
