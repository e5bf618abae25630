import type { Feature } from '../images/image-request.ts'
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

/** How far an image is by its steps, below 100 until it is there. */
export const percentOf = ({ step, steps }: Extract<AgentMessage, { type: 'attempt.progress' }>): number =>
  steps > 0 ? Math.min(99, Math.floor((step / steps) * 100)) : 0

/** Those of the models of a service that may be asked of it, as its image server was found last; none before that is told, if it will be. */
export function usableOf(
  models: Map<string, Feature[]>,
  { state, isAwaited }: { state: ServiceCondition | undefined; isAwaited: boolean }
): Map<string, Feature[]> {
  if (state ? state.isStopped : isAwaited) return new Map()
  if (!state || state.missing.length === 0) return models
  return new Map([...models].filter(([model]) => !state.missing.includes(model)))
}
