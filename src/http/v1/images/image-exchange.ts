import type { FastifyReply, FastifyRequest } from 'fastify'
import { type AppError, type ErrorCode, errors } from '../../../lib/errors.ts'
import { alsoSentences, type WaitReason } from '../../../lib/wait-reasons.ts'
import type { Wait } from '../../../request-views/wait-of-held.ts'
import type { WaitAt } from '../../../request-views/find-wait.ts'
import type { Outcome } from '../../../request-views/outcome-store.ts'
import type { Unbegun } from '../../../requests/unbegun.ts'
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

/** The same refusal for two readers. */
export interface PassingError {
  /** For the caller: what they can do about it on a machine of their own, or whom they tell. */
  told: AppError
  /**
   * For whoever looks at the request later, who may be somebody else, such as an admin: what it was. What is to be done each reader
   * is told by `unbegun`.
   */
  kept: AppError
  unbegun: Unbegun
}

/**
 * Why a caller is sent away who has waited long enough for services that are left alone, or of which others have had what they
 * may: they are better off coming back later. Undefined when it is anything else that the request waits for.
 */
export function passingError(wait: WaitAt | undefined): PassingError | undefined {
  if (!wait || !PASSING.includes(wait.reason)) return undefined
  const { reason, until } = wait
  const unbegun = { reason, machines: wait.machines.map(({ id }) => id) }
  if (reason === 'capped' || reason === 'new_here') {
    const capped = errors.upstreamCapped(wait, Date.now())
    return { told: capped, kept: capped, unbegun }
  }
  const seconds = until === undefined ? Infinity : Math.ceil((until - Date.now()) / 1000)
  const message = [`The image servers that ${SERVERS[reason] ?? ''} at the moment.`, ...alsoSentences(wait.also)].join(
    ' '
  )
  return {
    told: errors.upstreamBusy([message, 'Try again later.', ...whatToDo(wait)].join(' '), seconds),
    kept: errors.upstreamBusy(message, seconds),
    unbegun
  }
}

/** More names than these are no help. */
const MOST_NAMED = 3

/** What ends a wait that does not end by itself: something on the caller's own machine, or to tell the owner of one, by name. */
function whatToDo({ reason, machines }: WaitAt): string[] {
  const remedy = REMEDIES[reason]
  if (!remedy) return []
  const own = machines.find(({ owner }) => owner === undefined)
  if (own) return [`It is your machine '${own.name}': see ${remedy}.`]
  const owners = machines.slice(0, MOST_NAMED).map(({ name, owner }) => `${owner}, whose machine '${name}' it is`)
  const list = new Intl.ListFormat('en', { type: 'disjunction' }).format(owners)
  return owners.length === 0 ? [] : [`If it stays so, tell ${list}.`]
}

const REMEDIES: Partial<Record<WaitReason, string>> = {
  unusable: "that its image server runs and makes images, and that its address and key in the agent's file are right",
  missing: "that its image server has the model, and that the agent's file calls it as the server does (served_as)"
}

const SERVERS: Partial<Record<WaitReason, string>> = {
  paused: 'have this model are busy',
  unusable: 'have this model cannot be used',
  missing: 'are to have this model lack it'
}

/**
 * Whether it is known that waiting on is in vain for a caller who has waited `waitedMs` of `mayWaitMs`: for caps that end
 * later than that and are reached by what was made (what is being made may fail, and leave its place), for image servers that have been unusable, or have lacked the model, for long enough, for busy ones when the time is over.
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
      return wait.beingMade === undefined && (wait.until ?? Infinity) > now + Math.max(0, mayWaitMs - waitedMs)
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
