import type { AgentMessage } from '../protocol/messages.ts'
import type { ServiceCondition } from '../providers/service-condition-store.ts'

/** The condition that an agent tells of a service; models that the service does not have are left out. */
export function conditionOf(
  { state, text, fault, models_missing: missing = [] }: Extract<AgentMessage, { type: 'service.state' }>,
  models: ReadonlyMap<string, unknown>
): ServiceCondition {
  if (state === 'ok') return { warning: null, isStopped: false, missing: [] }
  return {
    warning: text === '' ? 'The image server cannot be used.' : text,
    isStopped: fault === 'unreachable',
    missing: [...new Set(missing)].filter((model) => models.has(model))
  }
}

/** Which of these models its image server has loaded: one that is gone has nothing in memory. Undefined when it does not tell. */
export const loadedOf = (
  { models_loaded: loaded }: Extract<AgentMessage, { type: 'service.state' }>,
  { condition, models }: { condition: ServiceCondition; models: ReadonlyMap<string, unknown> }
): string[] | undefined => (condition.isStopped ? [] : loaded?.filter((model) => models.has(model)))

/** Why an attempt failed, as its agent says, and whether it has said that of the service's image server nothing can be had. */
export const failureOf = (
  { fault: reason, message, param, retry_after_ms: retryAfterMs }: Extract<AgentMessage, { type: 'attempt.failed' }>,
  condition: ServiceCondition | undefined
) => ({
  reason,
  message,
  isQuoted: true,
  ...(condition?.isStopped && { isAway: true }),
  ...(param !== undefined && { param }),
  ...(retryAfterMs !== undefined && { retryAfterMs })
})
