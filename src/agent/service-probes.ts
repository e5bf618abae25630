import { type Engine, EngineError } from '../engines/engine.ts'
import { sleep, withJitter } from '../lib/async.ts'
import type { Logger } from '../lib/logger.ts'
import type { AgentService } from './agent-services.ts'

/** How one service's image server was found last. */
export interface ServiceState {
  service: string
  state: 'ok' | 'warning'
  /** Why it is a warning, fit for everybody; empty when it is none. */
  text: string
}

export interface ProbeTimes {
  /** How long an image server has to answer. */
  withinMs: number
  /** Before a bad one is asked again; twice as long each time. */
  firstPauseMs: number
  longestPauseMs: number
}

const USUAL_TIMES: ProbeTimes = { withinMs: 5000, firstPauseMs: 5000, longestPauseMs: 60_000 }
const MAX_TEXT_CHARS = 300

/** What is wrong with an image server, or what it is. */
interface Finding {
  problem?: string
  summary?: string
}

/**
 * The one place that asks whether image servers are there. Each is asked at the start and after a fault that makes it
 * doubtful; one that is bad is asked again until it is good. A bad one is a warning only: its service stays offered.
 */
export class ServiceProbes {
  readonly #parts: { onState: (state: ServiceState) => void; logger: Logger; times: ProbeTimes }
  #states = new Map<string, ServiceState>()
  #services: ReadonlyMap<string, AgentService> = new Map()
  #running = new Map<string, Promise<void>>()
  #round = new AbortController()

  constructor(parts: { onState: (state: ServiceState) => void; logger: Logger; times?: Partial<ProbeTimes> }) {
    this.#parts = { ...parts, times: { ...USUAL_TIMES, ...parts.times } }
  }

  /** Asks the image servers of these services, instead of all before. */
  start(services: ReadonlyMap<string, AgentService>): void {
    this.close()
    this.#round = new AbortController()
    this.#services = services
    this.#states = new Map()
    this.#running = new Map()
    for (const name of services.keys()) this.check(name)
  }

  /** Asks one now, unless that is going on. */
  check(name: string): void {
    const engine = this.#services.get(name)?.engine
    if (!engine || this.#running.has(name) || this.#round.signal.aborted) return
    const { signal } = this.#round
    const running = this.#running
    running.set(
      name,
      this.#untilGood({ name, engine, signal }).finally(() => running.delete(name))
    )
  }

  /** What is known now, for a gateway that has just been reached. */
  states(): ServiceState[] {
    return [...this.#states.values()]
  }

  /** Asks no more. */
  close(): void {
    this.#round.abort()
  }

  async #untilGood(probe: { name: string; engine: Engine; signal: AbortSignal }): Promise<void> {
    const { times } = this.#parts
    for (let pause = times.firstPauseMs; ; pause = Math.min(pause * 2, times.longestPauseMs)) {
      const finding = await this.#ask(probe)
      if (probe.signal.aborted) return
      this.#note(probe.name, finding)
      if (finding.problem === undefined) return
      await sleep(withJitter(pause, 0.1), probe.signal).catch(() => undefined) // The signal is looked at next.
      if (probe.signal.aborted) return
    }
  }

  async #ask({ engine, signal }: { engine: Engine; signal: AbortSignal }): Promise<Finding> {
    const within = AbortSignal.timeout(this.#parts.times.withinMs)
    try {
      const { summary } = await engine.describe(AbortSignal.any([within, signal]))
      return { summary }
    } catch (error) {
      if (within.aborted) return { problem: 'The image server does not answer in time.' }
      const unreadable = 'The image server gave an answer that cannot be read.'
      return { problem: error instanceof EngineError ? error.message : unreadable }
    }
  }

  #note(name: string, { problem, summary }: Finding): void {
    const { onState, logger } = this.#parts
    const text = (problem ?? '').slice(0, MAX_TEXT_CHARS).toWellFormed()
    const before = this.#states.get(name)
    const state: ServiceState = { service: name, state: problem === undefined ? 'ok' : 'warning', text }
    if (before?.state === state.state && before.text === text) return
    this.#states.set(name, state)
    if (state.state === 'warning') logger.warn({ service: name, reason: text }, 'an image server cannot be used')
    else logger.info({ service: name, server: summary }, `an image server can be used${before ? ' again' : ''}`)
    onState(state)
  }
}
