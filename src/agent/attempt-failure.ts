import { EngineError } from '../engines/engine.ts'
import { type AttemptFault, MAX_RETRY_AFTER_MS } from '../protocol/messages.ts'

/** As `attempt.failed` tells it. */
export interface Failure {
  fault: AttemptFault
  message: string
  param?: string
  retry_after_ms?: number
}

/** The gateway counts the places of an agent a little differently at the moment: it may well be right soon. */
export const SLOT_PAUSE_MS = 250
const TAKEN_BACK =
  'It lay in the queue of the image server, and was taken back: what is before it takes longer than expected.'

/** Thrown into an attempt that the gateway or the owner stops: its outcome is told to nobody. */
export class Stopped extends Error {}
/** Thrown into an attempt that waits in the queue of an image server and is to wait there no longer. */
export class TakenBack extends Error {}
/** Thrown into an attempt that takes longer than its service allows. */
export class TimedOut extends Error {}

/** What the gateway is told of it; undefined when there is nobody to tell. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Stopped) return undefined
  if (error instanceof TakenBack) return { fault: 'busy', message: TAKEN_BACK, retry_after_ms: SLOT_PAUSE_MS }
  if (error instanceof TimedOut) return { fault: 'timeout', message: error.message }
  if (error instanceof EngineError) {
    const { fault, message, param, retryAfterMs: ms } = error
    return {
      fault,
      message: message.slice(0, 1000),
      ...(param !== undefined && { param: param.slice(0, 100) }),
      ...(ms !== undefined && { retry_after_ms: Math.min(MAX_RETRY_AFTER_MS, Math.max(0, Math.ceil(ms))) })
    }
  }
  return { fault: 'crashed', message: 'The agent failed unexpectedly.' }
}
