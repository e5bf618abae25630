import type { FastifyReply, FastifyRequest } from 'fastify'
import { type AppError, type ErrorCode, errors } from '../../../lib/errors.ts'
import type { Wait, WaitReason } from '../../../request-views/find-takers.ts'
import type { Outcome } from '../../../request-views/outcome-store.ts'
import type { ParsedCall } from '../../openai/parse-image-request.ts'

/** The request that a stream is of: its events have no place for it. */
export const REQUEST_ID_HEADER = 'x-inference-club-request-id'

/** A call of an image endpoint and the answer it is to get. */
export interface ImageExchange {
  /** `discard` takes back what was stored for the call when it is refused. */
  call: ParsedCall & { discard?: () => Promise<void> }
  request: FastifyRequest
  reply: FastifyReply
}

/** A call that has become a request. */
export interface Submitted {
  id: string
  repeated: boolean
  /** The caller can come back for it. */
  hasKey: boolean
}

/** What may be over when the caller comes back. */
const PASSING: readonly WaitReason[] = ['paused', 'unusable', 'missing', 'capped', 'new_here']

/**
 * What a caller is told who has waited long enough for services that are left alone, or of which others have had what they
 * may: they are better off coming back later. Undefined when it is anything else that the request waits for.
 */
export function passingError(wait: Wait | undefined): AppError | undefined {
  if (!wait || !PASSING.includes(wait.reason)) return undefined
  const { reason, until } = wait
  if (reason === 'capped' || reason === 'new_here') return errors.upstreamCapped(wait, Date.now())
  const seconds = until === undefined ? Infinity : Math.ceil((until - Date.now()) / 1000)
  return errors.upstreamBusy(`The image servers that ${SERVERS[reason] ?? ''} at the moment. Try again later.`, seconds)
}

const SERVERS: Partial<Record<WaitReason, string>> = {
  paused: 'have this model are busy',
  unusable: 'have this model cannot be used',
  missing: 'are to have this model lack it'
}

/**
 * Whether it is known that waiting on is in vain for a caller who has waited `waitedMs` of `mayWaitMs`: for caps that end
 * later than that, for image servers that have been unusable, or have lacked the model, for long enough, for busy ones when the time is over.
 */
export function waitsInVain(
  wait: Wait | undefined,
  {
    waitedMs,
    mayWaitMs,
    unusableTimeoutMs,
    now
  }: { waitedMs: number; mayWaitMs: number; unusableTimeoutMs: number; now: number }
): boolean {
  switch (wait?.reason) {
    case 'capped':
    case 'new_here':
      return (wait.until ?? Infinity) > now + Math.max(0, mayWaitMs - waitedMs)
    case 'unusable':
    case 'missing':
      return waitedMs >= unusableTimeoutMs
    case 'paused':
      return waitedMs >= mayWaitMs
    default:
      return false
  }
}

/** Why a request that has ended has no image to show; undefined when it has one. */
export function failureOf({ request, outputs }: Pick<Outcome, 'request' | 'outputs'>): AppError | undefined {
  if (outputs.length > 0 && request.state !== 'canceled') return undefined
  const code = (request.error_code ?? 'upstream_error') as ErrorCode
  return errors.recorded(code, request.error_message ?? '', request.error_param)
}
