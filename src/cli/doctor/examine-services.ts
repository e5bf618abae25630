import { createServices } from '../../agent/agent-services.ts'
import { explainServer } from '../../agent/explain-server.ts'
import { isAmong, missingFrom } from '../../agent/missing-models.ts'
import { AGENT_LIMITS } from '../../agent/run-agent.ts'
import type { AgentConfig, AgentServiceConfig } from '../../config/agent-config.ts'
import { type Engine, EngineError } from '../../engines/engine.ts'
import { EngineOptionError } from '../../engines/engine-options.ts'

/** A server that works on an image may take its time. */
const DESCRIBE_WITHIN_MS = 5000

/** How the image server of a service serves it. */
export interface Verdict {
  /** A sentence about what an agent would warn of; absent: nothing. */
  problem?: string
  /** The same in a few words; absent: it is as its server is. */
  state?: string
  /** What does not work though images are made, a sentence. */
  advice?: string
}

/** By the names of services. */
export type Verdicts = ReadonlyMap<string, Verdict>

/**
 * Asks the image servers of the services that are `wanted` what an agent asks: whether they answer, and have the models. Throws
 * `EngineOptionError`.
 */
export async function examineServices(config: AgentConfig, wanted: (name: string) => boolean): Promise<Verdicts> {
  const services = config.services.filter(({ name }) => wanted(name))
  const created = createServices({ ...config, services }, { maxImageBytes: AGENT_LIMITS.maxImageBytes })
  const verdicts = await Promise.all(
    [...created].map(async ([name, { config: service, engine }]) => {
      try {
        return [name, engine ? await examine(service, engine) : {}] as const
      } finally {
        await engine?.close?.()
      }
    })
  )
  return new Map(verdicts)
}

async function examine(service: AgentServiceConfig, engine: Engine): Promise<Verdict> {
  const within = AbortSignal.timeout(DESCRIBE_WITHIN_MS)
  try {
    const { doubt, ...description } = await engine.describe(within)
    if (doubt) throw doubt
    const { models, checkModels, url } = service
    const { advice: text } = description
    const advice = text === undefined ? {} : { advice: explainServer({ url, text }) }
    if (checkModels === false) return advice
    const problem = missingFrom(description, { config: service }, new Set())
    if (problem) return { ...advice, problem: problem.text, state: lacks(problem.missing?.length ?? 0, models.length) }
    // Its owner knows of models that are not known to be any without them.
    const isReady = models.every(({ servedAs }) => isAmong(description.models)(servedAs))
    return { ...advice, ...(isReady && { state: 'ready' }) }
  } catch (error) {
    const noReason = within.aborted
      ? 'The image server does not answer in time.'
      : 'The image server gave no answer that can be read.'
    const reason = error instanceof EngineError ? error.message : noReason
    return { problem: explainServer({ url: service.url, text: reason, error }), state: 'not to be used as written' }
  }
}

const lacks = (missing: number, all: number): string => {
  if (missing === 0) return 'unsure'
  if (missing < all) return `lacks ${missing} of ${all} models`
  return missing === 1 ? 'lacks its model' : 'lacks its models'
}

/**
 * What an agent with this file would warn of: servers that are away or refuse it, and models that they lack; and what it would advise.
 * What is `known` of a service is not asked again.
 */
export async function findProblems(
  config: AgentConfig,
  known: Verdicts = new Map()
): Promise<{ problems: string[]; advice: string[] }> {
  try {
    const more = await examineServices(config, (name) => !known.has(name))
    const verdicts = config.services.map(({ name }) => ({ name, ...(known.get(name) ?? more.get(name)) }))
    const say = (name: string, text: string | undefined) => (text === undefined ? [] : [`${name}: ${text}`])
    return {
      problems: verdicts.flatMap(({ name, problem }) => say(name, problem)),
      advice: verdicts.flatMap(({ name, advice }) => say(name, advice))
    }
  } catch (error) {
    if (error instanceof EngineOptionError) return { problems: [error.message], advice: [] }
    throw error
  }
}
