import type { LiveSetting, SettingsChange } from '../../../../../src/http/dashboard/contract/admin.ts'
import { formatNumber } from '../../../lib/format.ts'

/** What is entered and not saved, by name; null: back to the fallback. */
export type Drafts = Readonly<Record<string, string | null>>

/** What the field of a setting shows. */
export function shownValue({ name, value, fallback }: LiveSetting, drafts: Drafts): string {
  const draft = drafts[name]
  return draft === undefined ? value : (draft ?? fallback)
}

/** The drafts that would change something. */
export function changesOf(settings: readonly LiveSetting[], drafts: Drafts): SettingsChange {
  const changes: SettingsChange = {}
  for (const { name, value, isChanged } of settings) {
    const draft = drafts[name]
    if (draft === undefined) continue
    if (draft === null ? isChanged : draft.trim() !== value) changes[name] = draft?.trim() ?? null
  }
  return changes
}

/** What zero means where it is no number of anything. */
const ZEROES: Readonly<Record<string, string>> = {
  retentionMs: 'for ever',
  retentionBytes: 'no limit',
  rateLimit: 'no limit'
}

const UNITS: Readonly<Record<string, [one: string, many: string]>> = {
  ms: ['millisecond', 'milliseconds'],
  s: ['second', 'seconds'],
  m: ['minute', 'minutes'],
  h: ['hour', 'hours'],
  d: ['day', 'days']
}

/** A value in words that nobody takes for another: `30m` is `30 minutes`, zero may be `for ever`; undefined where it says nothing more. */
export function spellOut({ name, kind }: Pick<LiveSetting, 'name' | 'kind'>, value: string): string | undefined {
  const text = value.trim()
  const zero = ZEROES[name]
  if (zero !== undefined && /^0+(\.0+)?\s*[a-z]*$/i.test(text)) return zero
  if (kind !== 'duration') return undefined
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text) ?? []
  const words = UNITS[unit]
  return words && `${formatNumber(Number(count))} ${Number(count) === 1 ? words[0] : words[1]}`
}

/** What is wrong, beside the field: the server begins with its name. */
export function fieldMessage(message: string): string {
  const rest = message.replace(/^'\w+' /, '')
  return rest.charAt(0).toUpperCase() + rest.slice(1)
}

/** A description in parts: what stands between backticks is code. */
export const descriptionParts = (text: string): { text: string; isCode: boolean }[] =>
  text
    .split('`')
    .map((part, index) => ({ text: part, isCode: index % 2 === 1 }))
    .filter((part) => part.text !== '')
