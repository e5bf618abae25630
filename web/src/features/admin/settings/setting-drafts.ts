import type { LiveSetting, SettingsChange } from '../../../../../src/http/dashboard/contract/admin.ts'

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

/** Settings whose names differ in their units alone. */
const TITLES: Readonly<Record<string, string>> = {
  retentionMs: 'Retention (days)',
  retentionBytes: 'Retention (bytes)'
}

/** `syncTimeoutMs` is `Sync timeout`: the values carry their units. */
export function settingTitle(name: string): string {
  const title = TITLES[name]
  if (title !== undefined) return title
  const words = name
    .replace(/(Ms|Bytes)$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
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
