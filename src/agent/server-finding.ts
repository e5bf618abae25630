import type { AgentServiceConfig } from '../config/agent-config.ts'
import { type Engine, EngineError } from '../engines/engine.ts'
import type { Inventory } from '../engines/inventory.ts'
import type { NODE_FAULTS } from '../protocol/messages.ts'
import type { AgentService } from './agent-services.ts'
import { MAX_TEXT_CHARS } from './missing-models.ts'

/** What is wrong with an image server. */
export interface Problem {
  /** A sentence fit for everybody. */
  text: string
  /** What an attempt would end with, when it is known that none can work. */
  fault?: (typeof NODE_FAULTS)[number]
  /** Ids of models that the image server says it does not have. */
  missing?: readonly string[]
}

/** How one service's image server was found last. */
export interface ServiceState extends Problem {
  service: string
  /** With an empty text when it is no warning. */
  state: 'ok' | 'warning'
  /** Ids of models that it has loaded; absent: it does not tell. */
  loaded?: readonly string[]
}

/** A service whose image server is looked at. */
export interface Probe {
  name: string
  service: AgentService
  engine: Engine
  /** Ends that. */
  signal: AbortSignal
}

/** What is wrong with an image server, and what it is. */
export interface Finding {
  problem?: Problem
  /** It is there, and has no time to answer. */
  isSlow?: true
  /** What led to it. */
  error?: EngineError
  /** What it is; absent: it has not said. */
  summary?: string
  /** Ids of models that it has loaded. */
  loaded?: readonly string[]
  inventory?: Inventory
  /** As its engine tells it. */
  advice?: string
}

/** An attempt that failed because its image server could not be reached, or was gone in the middle. */
export interface Unreached {
  attempt: string
  text: string
  error: unknown
}

/** Why an image server is looked at. */
export interface Doubt {
  /** It has said that it lacks it. */
  lackedModel?: string
  unreached?: Unreached
}

/** Of a machine that is off, or behind a firewall: of it there is no word, not even a refusal. */
export const noAnswer = (): EngineError =>
  new EngineError('unreachable', 'The image server cannot be reached.', {
    cause: Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })
  })

/** Of one that takes connections and has not answered within a time in which any would. */
export function hanging({ checkModels }: AgentServiceConfig): Pick<Finding, 'problem' | 'error'> {
  const text = 'The image server takes connections and answers nothing.'
  const error = new EngineError('unreachable', text, { remedy: 'Does it hang? Look at it, or start it again.' })
  return { problem: { text, ...(checkModels !== false && { fault: 'unreachable' as const }) }, error }
}

/**
 * The state of a service whose image server was found so. What it lacked when it was asked last one that says nothing lacks still, and
 * what it had loaded one that tells only what is new.
 */
export function stateOf(
  service: string,
  { problem, summary, loaded }: Finding,
  before: ServiceState | undefined
): ServiceState {
  const missing = problem?.missing ?? (summary === undefined ? before?.missing : undefined)
  const known = loaded ?? (problem?.fault === undefined ? before?.loaded : undefined)
  return {
    service,
    state: problem ? 'warning' : 'ok',
    ...problem,
    text: (problem?.text ?? '').slice(0, MAX_TEXT_CHARS).toWellFormed(),
    ...(missing && { missing }),
    ...(known && { loaded: known })
  }
}

/** Whether a look at the image server of a service is a list alone. */
export const hasShortLook = ({ engine, url }: AgentServiceConfig): boolean =>
  engine === 'openai' && url?.startsWith('http:') === true

/** Other services at the image server of one. */
export function servicesBeside(services: ReadonlyMap<string, { config: AgentServiceConfig }>, name: string): string[] {
  const place = placeOf(services.get(name)?.config.url)
  if (place === undefined) return []
  return [...services].flatMap(([other, { config }]) =>
    other !== name && placeOf(config.url) === place ? [other] : []
  )
}

/** Host and port of an image server; undefined where a service has none. */
const placeOf = (url: string | undefined): string | undefined => (url === undefined ? undefined : new URL(url).host)
