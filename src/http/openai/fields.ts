import { errors } from '../../lib/errors.ts'

/** Far more than any field means; what is nested thousands deep makes whoever walks it run out of stack. */
const MOST_LEVELS = 32

/**
 * Reads the fields of a call, whether they came as JSON values or as the text of a form: numbers and booleans may be
 * text, `null` and the empty text mean that the field was not sent. Every reader, and the constructor for values nested
 * too deeply, throws `invalid_request` with the field's name.
 */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>
  readonly #read = new Set<string>()

  constructor(values: Record<string, unknown>) {
    const deep = Object.keys(values).find((name) => isDeeperThan(MOST_LEVELS, values[name]))
    if (deep !== undefined)
      throw errors.invalidRequest(`'${deep}' is nested more than ${MOST_LEVELS} levels deep.`, deep)
    this.#values = new Map(
      Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '')
    )
  }

  has(name: string): boolean {
    this.#read.add(name)
    return this.#values.has(name)
  }

  text(name: string, maxLength = 1000): string | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    if (typeof value !== 'string') throw errors.invalidRequest(`'${name}' must be text.`, name)
    // It would be stored as something else.
    if (!value.isWellFormed()) throw errors.invalidRequest(`'${name}' holds half a character (a lone surrogate).`, name)
    if (value.length > maxLength) {
      throw errors.invalidRequest(`'${name}' must have at most ${maxLength} characters.`, name)
    }
    return value
  }

  /** As sent, for readers that judge any value themselves: text as it is, all else as JSON. */
  spelling(name: string): string | undefined {
    const value = this.#take(name)
    return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
  }

  /** As sent, for readers of lists and objects; undefined when it was not sent. */
  value(name: string): unknown {
    return this.#take(name)
  }

  /** `spell` brings other spellings of a choice into its own. */
  choice<T extends string>(
    name: string,
    choices: readonly T[],
    spell: (text: string) => string = (text) => text
  ): T | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const spelled = typeof value === 'string' ? spell(value) : value
    const found = choices.find((choice) => choice === spelled)
    if (found === undefined) throw errors.invalidRequest(`'${name}' must be one of ${choices.join(', ')}.`, name)
    return found
  }

  integer(name: string, range: { min: number; max?: number }): number | undefined {
    const value = this.number(name, range)
    if (value !== undefined && !Number.isInteger(value)) {
      throw errors.invalidRequest(`'${name}' must be a whole number.`, name)
    }
    return value
  }

  number(name: string, { min, max = Infinity }: { min: number; max?: number }): number | undefined {
    const value = this.#take(name)
    if (value === undefined) return undefined
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number)) {
      throw errors.invalidRequest(`'${name}' must be a number.`, name)
    }
    if (number < min || number > max) {
      const range = max === Infinity ? `at least ${min}` : `between ${min} and ${max}`
      throw errors.invalidRequest(`'${name}' must be ${range}.`, name)
    }
    return number
  }

  boolean(name: string): boolean | undefined {
    const value = this.#take(name)
    if (value === undefined || typeof value === 'boolean') return value
    // Python writes True in a form.
    const text = typeof value === 'string' ? value.toLowerCase() : undefined
    if (text === 'true' || text === '1') return true
    if (text === 'false' || text === '0') return false
    throw errors.invalidRequest(`'${name}' must be true or false.`, name)
  }

  /** Fields that nobody has asked for: the caller's extras. */
  rest(): Record<string, unknown> {
    return Object.fromEntries([...this.#values].filter(([name]) => !this.#read.has(name)))
  }

  #take(name: string): unknown {
    this.#read.add(name)
    return this.#values.get(name)
  }
}

const isDeeperThan = (levels: number, value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member)))
