import { parseDurationMs } from '../lib/quantities.ts'

/** A mistake in the `options` of a service, in words that follow the option's name. */
export class EngineOptionError extends Error {}

/** Reads the `options` of one service; `done` refuses those that nobody has asked for. */
export class EngineOptions {
  readonly #options: Record<string, unknown>
  readonly #known = new Set<string>()

  constructor(options: Record<string, unknown>) {
    this.#options = options
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const found = choices.find((choice) => choice === value)
    if (found === undefined) throw new EngineOptionError(`option '${name}' must be one of ${choices.join(', ')}`)
    return found
  }

  durationMs(name: string): number | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const ms = typeof value === 'string' ? parseDurationMs(value) : undefined
    if (ms === undefined) throw new EngineOptionError(`option '${name}' must be a duration such as 50ms or 2s`)
    return ms
  }

  done(): void {
    const unknown = Object.keys(this.#options).filter((name) => !this.#known.has(name))
    if (unknown.length === 0) return
    const known = this.#known.size > 0 ? `it knows ${[...this.#known].join(', ')}` : 'it has none'
    throw new EngineOptionError(`option '${unknown.join("', '")}' is unknown to this engine: ${known}`)
  }

  #take(name: string): unknown {
    this.#known.add(name)
    return this.#options[name] ?? undefined
  }
}
