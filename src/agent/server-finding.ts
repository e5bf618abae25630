import type { AgentServiceConfig } from '../config/agent-config.ts'
import { EngineError } from '../engines/engine.ts'
import type { Inventory } from '../engines/inventory.ts'
import type { NODE_FAULTS } from '../protocol/messages.ts'

/** What is wrong with an image server. */
export interface Problem {
  /** A sentence fit for everybody. */
  text: string
  /** What an attempt would end with, when it is known that none can work. */
  fault?: (typeof NODE_FAULTS)[number]
  /** Ids of models that the image server says it does not have. */
  missing?: readonly string[]
}

/** What is wrong with an image server, and what it is. */
export interface Finding {
  problem?: Problem
  /** It is there, and has no time to answer. */
  isSlow?: true
  /** What led to it. */
  error?: EngineError
  summary?: string
  /** Ids of models that it has loaded. */
  loaded?: readonly string[]
  inventory?: Inventory
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

/** Host and port of an image server; undefined where a service has none. */
export const placeOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : new URL(url).host
