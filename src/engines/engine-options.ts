import type { Size } from '../images/image-request.ts'
import { parseSize } from '../images/sizes.ts'
import { parseDurationMs } from '../lib/quantities.ts'

/** A mistake in the `options` of a service, in words that follow the option's name. */
export class EngineOptionError extends Error {}

/** Throws `EngineOptionError` for the first of the names that an owner sets in the option `parameters` and may not. */
export function refuseReserved(parameters: Record<string, unknown>, reserved: readonly string[]): void {
  const taken = reserved.find((name) => name in parameters)
  if (taken !== undefined) throw new EngineOptionError(`option 'parameters' must not set ${taken}`)
}

/** Reads the `options` of one service. */
export class EngineOptions {
  readonly #options: Record<string, unknown>
  readonly #known: readonly string[]

  /** Throws `EngineOptionError` for options that are not among the `known`. */
  constructor(options: Record<string, unknown>, known: readonly string[]) {
    this.#options = options
    this.#known = known
    const unknown = Object.keys(options).filter((name) => !known.includes(name))
    if (unknown.length === 0) return
    const offered = known.length > 0 ? `it knows ${known.join(', ')}` : 'it has none'
    throw new EngineOptionError(`option '${unknown.join("', '")}' is unknown to this engine: ${offered}`)
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

  flag(name: string): boolean | undefined {
    const value = this.#take(name)
    if (value === undefined || typeof value === 'boolean') return value
    throw new EngineOptionError(`option '${name}' must be true or false`)
  }

  /** A list of names, or `any`. */
  names(name: string): readonly string[] | 'any' | undefined {
    const value = this.#take(name)
    if (value === undefined || value === 'any') return value
    const isName = (one: unknown): one is string => typeof one === 'string' && one.trim() !== ''
    if (Array.isArray(value) && value.every(isName)) return value
    throw new EngineOptionError(`option '${name}' must be a list of names, or any`)
  }

  /** Whatever it holds: only its owner writes it, and only the engine's server reads it. */
  mapping(name: string): Record<string, unknown> | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    throw new EngineOptionError(`option '${name}' must be a mapping`)
  }

  text(name: string, maxChars: number): string | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    if (typeof value === 'string' && value.length > 0 && value.length <= maxChars) return value
    throw new EngineOptionError(`option '${name}' must be text of at most ${maxChars} characters`)
  }

  texts(name: string, { maxItems, maxChars }: { maxItems: number; maxChars: number }): string[] | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const isText = (item: unknown) => typeof item === 'string' && item.length > 0 && item.length <= maxChars
    if (Array.isArray(value) && value.length <= maxItems && value.every(isText)) return value as string[]
    throw new EngineOptionError(`option '${name}' must be a list of at most ${maxItems} texts`)
  }

  number(
    name: string,
    { min, max, isInteger = false }: { min: number; max: number; isInteger?: boolean }
  ): number | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && value >= min && value <= max && (!isInteger || Number.isInteger(value)))
      return value
    throw new EngineOptionError(`option '${name}' must be a ${isInteger ? 'whole ' : ''}number from ${min} to ${max}`)
  }

  /** Width and height, such as 1024x1024. */
  size(name: string): Size | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    try {
      const size = typeof value === 'string' ? parseSize(value) : 'auto'
      if (size !== 'auto') return size
    } catch {
      // Said below, in the words of an option.
    }
    throw new EngineOptionError(`option '${name}' must be a size such as 1024x1024`)
  }

  isList(name: string): boolean {
    return Array.isArray(this.#take(name))
  }

  #take(name: string): unknown {
    if (!this.#known.includes(name)) throw new Error(`the engine's description lacks its option '${name}'`)
    return this.#options[name] ?? undefined
  }
}
