import { EngineError } from '../engines/engine.ts'
import { MAX_RETRY_AFTER_MS } from '../protocol/messages.ts'
import type { Failure } from './held-attempts.ts'

/** Thrown into an attempt that the gateway or the owner stops: its outcome is told to nobody. */
export class Stopped extends Error {}
/** Thrown into an attempt that takes longer than its service allows. */
export class TimedOut extends Error {}

/** What the gateway is told of it; undefined when there is nobody to tell. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Stopped) return undefined
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
