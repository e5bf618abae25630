import { isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { closestName, didYouMean } from '../lib/closest-name.ts'

/** What a value needs of the file it stands in. */
export interface YamlSource {
  /** Notes a mistake; `offset` is in characters from the start of the file. */
  note(offset: number, text: string): void
  /** The node an alias stands for, or the node itself. */
  resolve(node: Node | null | undefined): Node | undefined
  /** A mistake of this node is noted already; reading it would only add others that follow from it. */
  isUnusable(node: Node | null | undefined): boolean
  toPlain(node: Node): unknown
}

/** What is wrong with a text, in words that follow its place; undefined when nothing is. */
export type TextCheck = (text: string) => string | undefined

export interface TextRules {
  maxChars?: number
  check?: TextCheck
}

/** Of a text that has no bound of its own. */
export const USUAL_MAX_CHARS = 1000

const FINE: TextCheck = () => undefined

/** A key that may be repeated in a message. */
const WORD = /^[\w-]{1,40}$/

/** One place in a YAML file, written or not. Reading it notes what is wrong in the file and goes on. */
export class YamlValue {
  readonly #source: YamlSource
  readonly #path: string
  readonly #offset: number
  readonly #node: Node | undefined
  readonly #isUnusable: boolean

  /** `path` is empty for the whole file; `offset` is where a mistake of this place is shown. */
  constructor(source: YamlSource, place: { node: Node | null | undefined; path: string; offset: number }) {
    this.#source = source
    this.#path = place.path
    this.#offset = place.offset
    this.#node = source.resolve(place.node)
    this.#isUnusable = source.isUnusable(place.node) || source.isUnusable(this.#node)
  }

  /** Not there, or nothing behind its colon. */
  get isBlank(): boolean {
    if (this.#isUnusable) return false
    const node = this.#node
    if (!node) return true
    return isScalar(node) && (node.value === null || (typeof node.value === 'string' && node.value.trim() === ''))
  }

  get isList(): boolean {
    return isSeq(this.#node)
  }

  mistake(text: string): undefined {
    this.#source.note(this.#offset, `${this.#path || 'the file'} ${text}`)
  }

  /** Notes that this is required when it is blank. `meaning` says what belongs here. */
  require(meaning: string): this {
    if (this.isBlank) this.mistake(`is required: ${meaning}`)
    return this
  }

  /** Trimmed text; undefined when blank or wrong. */
  text({ maxChars = USUAL_MAX_CHARS, check = FINE }: TextRules = {}): string | undefined {
    if (this.isBlank || this.#isUnusable) return undefined
    if (!isScalar(this.#node)) return this.mistake('must be text')
    const text = String(this.#node.value).trim()
    // A number may be no duration, which says more than that it is no text.
    if (typeof this.#node.value !== 'string') return this.mistake(check(text) ?? 'must be text: put it in quotes')
    if (text.length > maxChars) return this.mistake(`may have at most ${maxChars} characters`)
    const problem = check(text)
    return problem === undefined ? text : this.mistake(problem)
  }

  /** Also of digits that come as text, as from an environment variable. Undefined when blank or wrong; `hint` says what else may be meant. */
  integer({ min, max, hint = '' }: { min: number; max: number; hint?: string }): number | undefined {
    if (this.isBlank || this.#isUnusable) return undefined
    const value = isScalar(this.#node) ? this.#node.value : undefined
    const number = typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value
    return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
      ? number
      : this.mistake(`must be a whole number from ${min} to ${max}${hint}`)
  }

  /** Also of a word that comes as text, as from an environment variable. Undefined when blank or wrong. */
  boolean(): boolean | undefined {
    if (this.isBlank || this.#isUnusable) return undefined
    const word = isScalar(this.#node) ? String(this.#node.value).trim() : ''
    return word === 'true' || word === 'false' ? word === 'true' : this.mistake('must be true or false')
  }

  /** A number with or without a unit, as `parse` reads it. `meaning` says what it must be. Undefined when blank or wrong. */
  quantity(rules: {
    parse: (text: string) => number | undefined
    min: number
    max: number
    meaning: string
  }): number | undefined {
    if (this.isBlank || this.#isUnusable) return undefined
    const value = isScalar(this.#node) ? rules.parse(String(this.#node.value)) : undefined
    return value !== undefined && value >= rules.min && value <= rules.max ? value : this.mistake(rules.meaning)
  }

  /** The entries of a list; none when blank or wrong. */
  items({ maxItems }: { maxItems: number }): YamlValue[] {
    if (this.isBlank || this.#isUnusable) return []
    if (!isSeq<Node | null>(this.#node)) return this.mistake('must be a list') ?? []
    if (this.#node.items.length > maxItems) this.mistake(`may have at most ${maxItems} entries`)
    return this.#node.items.map(
      (node, index) =>
        new YamlValue(this.#source, {
          node,
          path: `${this.#path}[${index}]`,
          offset: node?.range?.[0] ?? this.#offset
        })
    )
  }

  /**
   * The values of a mapping by key, absent ones as blank values; undefined when this is no mapping. What stands behind a
   * misspelled key is read as what it was meant to be, so that it is one mistake and not two.
   */
  fields<K extends string>(keys: readonly K[]): Record<K, YamlValue> | undefined {
    if (this.#isUnusable) return undefined
    if (!isMap<Node, Node | null>(this.#node)) return this.mistake(`must be a mapping of ${keys.join(', ')}`)
    const start = this.#node.range?.[0] ?? this.#offset
    const written = new Map<string, YamlValue>()
    for (const pair of this.#node.items) {
      const key = keyOf(pair)
      const offset = pair.key.range?.[0] ?? start
      written.set(key, new YamlValue(this.#source, { node: pair.value, path: this.#pathOf(key), offset }))
      if (!(keys as readonly string[]).includes(key)) this.#noteUnknownKey(key, { offset, keys })
    }
    const meant = new Map([...written].map(([key, value]) => [closestName(key, keys), value]))
    const valueOf = (key: K) =>
      written.get(key) ??
      meant.get(key) ??
      new YamlValue(this.#source, { node: undefined, path: this.#pathOf(key), offset: start })
    return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<K, YamlValue>
  }

  /** What a mapping with keys of its own holds, in the order of the file; nothing when blank or wrong. */
  entries({ maxItems }: { maxItems: number }): { key: string; value: YamlValue }[] {
    if (this.isBlank || this.#isUnusable) return []
    if (!isMap<Node, Node | null>(this.#node)) return this.mistake('must be a mapping') ?? []
    if (this.#node.items.length > maxItems) this.mistake(`may have at most ${maxItems} entries`)
    return this.#node.items.map((pair) => {
      const key = keyOf(pair)
      const path = WORD.test(key) ? this.#pathOf(key) : `a key of ${this.#path}`
      return { key, value: new YamlValue(this.#source, { node: pair.value, path, offset: pair.key.range?.[0] ?? 0 }) }
    })
  }

  /** A mapping of anything, as plain values; empty when blank or wrong. */
  plainMapping(): Record<string, unknown> {
    if (this.isBlank || this.#isUnusable) return {}
    if (!isMap(this.#node)) return this.mistake('must be a mapping') ?? {}
    return this.#source.toPlain(this.#node) as Record<string, unknown>
  }

  #pathOf(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`
  }

  /** A key that is no plain word is not repeated: `api_key:ic_…` without a space is a key. */
  #noteUnknownKey(key: string, { offset, keys }: { offset: number; keys: readonly string[] }): void {
    const name = WORD.test(key) ? this.#pathOf(key) : `${this.#path || 'the file'} has a key that`
    this.#source.note(offset, `${name} is not known${didYouMean(key, keys)}`)
  }
}

const keyOf = (pair: Pair<Node, Node | null>): string => (isScalar(pair.key) ? String(pair.key.value) : '')
