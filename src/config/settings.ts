import { cleanText } from '../lib/clean-text.ts'
import { formatBytes, formatDuration, parseBytes, parseDurationMs } from '../lib/quantities.ts'

export type SettingKind = 'text' | 'list' | 'integer' | 'duration' | 'bytes' | 'choice' | 'boolean'

/** What one environment variable means: how it is read, checked and documented. One entry is the whole story of it. */
export interface Setting<T> {
  variable: string
  description: string
  /** Shown in the documentation where the default is not a plain value. */
  defaultText: string
  fallback: T
  kind: SettingKind
  /** Of a choice. */
  choices?: readonly string[]
  /** Admins may change it while the gateway runs: everything that depends on it reads it when it is needed. */
  live: boolean
  /** What people who change it see in place of its name; a live one has it. */
  title?: string
  /** Throws `SettingMistake` with what is wrong, in words that follow the variable's name. */
  parse: (text: string) => T
  /** A value as the variable would spell it. */
  spell(value: T): string
}

export class SettingMistake extends Error {}

const mistake = (text: string): never => {
  throw new SettingMistake(text)
}

type Describe<T> = { variable: string; description: string; fallback: T; defaultText?: string }
/** Of settings that a form can show. */
type DescribeShown<T> = Describe<T> & Shown
/** A form calls it by its title: names of variables say little to who did not choose them. */
type Shown = { live: true; title: string } | { live?: never; title?: never }

const setting = <T>(
  { variable, description, fallback, defaultText, live, title }: DescribeShown<T>,
  { spell = String, ...rest }: Pick<Setting<T>, 'kind' | 'choices' | 'parse'> & { spell?: (value: T) => string }
): Setting<T> => ({
  variable,
  description,
  fallback,
  defaultText: defaultText ?? spell(fallback),
  live: live === true,
  ...(title !== undefined && { title }),
  spell,
  ...rest
})

export const textSetting = <T extends string | undefined>(
  options: Describe<T> & (T extends string ? Shown : { live?: never; title?: never }),
  check: (text: string) => string | undefined = () => undefined
): Setting<T> =>
  setting(options, {
    kind: 'text',
    parse: (text) => {
      const problem = check(text)
      return problem === undefined ? (text as T) : mistake(problem)
    }
  })

/** What people are shown as a name: one line without anything harmful, in which spaces are single. */
export const nameSetting = (options: DescribeShown<string> & { maxCharacters: number }): Setting<string> =>
  setting(options, {
    kind: 'text',
    parse: (text) => {
      const name = cleanText(text).replace(/\s+/g, ' ').trim()
      if (name === '') mistake('must have a character that can be seen')
      // As people count: an emoji is one.
      if ([...name].length > options.maxCharacters) mistake(`must have at most ${options.maxCharacters} characters`)
      return name
    }
  })

export const integerSetting = (options: DescribeShown<number> & { min: number; max: number }): Setting<number> =>
  setting(options, {
    kind: 'integer',
    parse: (text) => {
      const value = Number(text)
      if (!/^\d+$/.test(text) || value < options.min || value > options.max) {
        mistake(`must be a whole number from ${options.min} to ${options.max}, not '${text}'`)
      }
      return value
    }
  })

/** `orZero`: zero may be said, too, and means what the description says. */
export const durationSetting = ({
  minMs,
  maxMs,
  orZero,
  ...options
}: DescribeShown<number> & { minMs: number; maxMs: number; orZero?: true }): Setting<number> =>
  setting(options, {
    kind: 'duration',
    spell: formatDuration,
    parse: (text) => {
      const value =
        parseDurationMs(text) ??
        mistake(`must be a duration with its unit, such as 90s, 5m (minutes), 1h or 7d, not '${text}'`)
      if (orZero && value === 0) return value
      if (value < minMs || value > maxMs) {
        const range = `between ${formatDuration(minMs)} and ${formatDuration(maxMs)}`
        mistake(`must be ${orZero ? '0s, or ' : ''}${range}, not '${text}'`)
      }
      return value
    }
  })

/** A pebibyte, more than any disk has: what is reckoned with it stays exact, and is spelled without an exponent. */
const MOST_BYTES = 1024 ** 5

/** `orZero`: zero may be said, too, and means what the description says. */
export const bytesSetting = ({
  min,
  orZero,
  ...options
}: DescribeShown<number> & { min: number; orZero?: true }): Setting<number> =>
  setting(options, {
    kind: 'bytes',
    spell: formatBytes,
    parse: (text) => {
      const value = parseBytes(text) ?? mistake(`must be a size such as 25MiB or 26214400, not '${text}'`)
      if (orZero && value === 0) return value
      if (value > MOST_BYTES) mistake(`must be at most ${formatBytes(MOST_BYTES)}, not '${text}'`)
      return value >= min ? value : mistake(`must be ${orZero ? '0, or ' : ''}at least ${min} bytes, not '${text}'`)
    }
  })

export const choiceSetting = <T extends string>(options: DescribeShown<T> & { choices: readonly T[] }): Setting<T> =>
  setting(options, {
    kind: 'choice',
    choices: options.choices,
    parse: (text) =>
      options.choices.find((c) => c === text) ?? mistake(`must be one of ${options.choices.join(', ')}, not '${text}'`)
  })

export const booleanSetting = <T extends boolean | undefined>(options: DescribeShown<T>): Setting<T> =>
  setting(options, {
    kind: 'boolean',
    spell: (value) => (value === true ? '1' : '0'),
    parse: (text) => {
      if (['1', 'true', 'on', 'yes'].includes(text.toLowerCase())) return true as T
      if (['0', 'false', 'off', 'no'].includes(text.toLowerCase())) return false as T
      return mistake(`must be 1 or 0, not '${text}'`)
    }
  })

export const listSetting = (
  options: Describe<string[]>,
  check: (item: string) => string | undefined
): Setting<string[]> =>
  setting(options, {
    kind: 'list',
    parse: (text) => {
      const items = text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
      for (const item of items) {
        const problem = check(item)
        if (problem !== undefined) mistake(problem)
      }
      return items
    }
  })
