import type { Command } from 'commander'
import type { UseLimits } from '../lib/principal.ts'
import { wholeNumber } from './image-options.ts'

/** The limits that keys and people have in common. */
export type LimitOptions = Omit<UseLimits, 'models'> & { models?: string }

export const addLimitOptions = (command: Command): Command => addOptions(command, wholeNumber, '')

const addOptions = (command: Command, count: (text: string) => unknown, more: string): Command =>
  command
    .option('--images-per-day <count>', `images per UTC day${more}`, count)
    .option('--images-per-month <count>', `images per UTC month${more}`, count)
    .option('--max-active <count>', `images waiting and running at once${more}`, count)
    .option('--max-pixels <count>', `width x height of one image${more}`, count)
    .option('--models <list>', `comma-separated; no others may be used${more}`)

/** What lifts a limit. */
export const NONE = 'none'

/** Limits that are to be other ones: what is not named stays. */
export type LimitChanges = { [Name in keyof LimitOptions]: LimitOptions[Name] | typeof NONE }

export const addLimitChanges = (command: Command): Command => addOptions(command, countOrNone, ', or none')

export const countOrNone = (text: string): number | typeof NONE => (text === NONE ? NONE : wholeNumber(text))

export function changedLimits(present: UseLimits, changes: LimitChanges): UseLimits {
  const named = Object.entries(changes)
  const lifted = new Set(named.filter(([, value]) => value === NONE).map(([name]) => name))
  const kept = Object.entries(present).filter(([name]) => !lifted.has(name))
  const given = named.filter(([, value]) => value !== NONE)
  return { ...Object.fromEntries(kept), ...limitsOf(Object.fromEntries(given)) }
}

/** Of options among which there may be others. */
export function limitsOf({ imagesPerDay, imagesPerMonth, maxActive, maxPixels, models }: LimitOptions): UseLimits {
  const given = {
    imagesPerDay,
    imagesPerMonth,
    maxActive,
    maxPixels,
    models: models?.split(',').map((id) => id.trim())
  }
  return Object.fromEntries(Object.entries(given).filter(([, limit]) => limit !== undefined))
}

/** Each in words: `100 images per UTC day`. */
export function describeLimits({ imagesPerDay, imagesPerMonth, maxActive, maxPixels, models }: UseLimits): string[] {
  const parts = [
    imagesPerDay !== undefined && `${imagesOf(imagesPerDay)} per UTC day`,
    imagesPerMonth !== undefined && `${imagesOf(imagesPerMonth)} per UTC month`,
    maxActive !== undefined && `${imagesOf(maxActive)} waiting and running at once`,
    maxPixels !== undefined && `${maxPixels} pixels in one image`,
    models && (models.length === 0 ? 'no model at all' : `no other models than ${models.join(', ')}`)
  ]
  return parts.filter((part) => part !== false && part !== undefined)
}

const imagesOf = (count: number): string => `${count} ${count === 1 ? 'image' : 'images'}`

/** What is in force now of a person or a key, as a command that changed it answers. */
export const limitsSentence = (whose: string, limits: readonly string[]): string =>
  limits.length === 0 ? `${whose} has no limit now.` : `Limits of ${whose} now: ${limits.join('; ')}.`

/** For the column of a table: `100/day 5 at once demo,sdxl`; a dash when there are none. */
export function formatLimits(limits: UseLimits): string {
  const parts = [
    limits.imagesPerDay !== undefined && `${limits.imagesPerDay}/day`,
    limits.imagesPerMonth !== undefined && `${limits.imagesPerMonth}/month`,
    limits.maxActive !== undefined && `${limits.maxActive} at once`,
    limits.maxPixels !== undefined && `${limits.maxPixels} pixels`,
    limits.models && limits.models.join(',')
  ]
  return parts.filter((part) => part !== false && part !== undefined).join(' ') || '-'
}
