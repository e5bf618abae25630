import type { Command } from 'commander'
import type { UseLimits } from '../lib/principal.ts'
import { wholeNumber } from './image-options.ts'

/** The limits that keys and people have in common. */
export interface LimitOptions {
  imagesPerDay?: number
  imagesPerMonth?: number
  maxActive?: number
  maxPixels?: number
  models?: string
}

export const addLimitOptions = (command: Command): Command =>
  command
    .option('--images-per-day <count>', 'images per UTC day', wholeNumber)
    .option('--images-per-month <count>', 'images per UTC month', wholeNumber)
    .option('--max-active <count>', 'images waiting and running at once', wholeNumber)
    .option('--max-pixels <count>', 'width x height of one image', wholeNumber)
    .option('--models <list>', 'comma-separated; no others may be used')

export const limitsOf = ({ models, ...limits }: LimitOptions): UseLimits => ({
  ...(limits.imagesPerDay !== undefined && { imagesPerDay: limits.imagesPerDay }),
  ...(limits.imagesPerMonth !== undefined && { imagesPerMonth: limits.imagesPerMonth }),
  ...(limits.maxActive !== undefined && { maxActive: limits.maxActive }),
  ...(limits.maxPixels !== undefined && { maxPixels: limits.maxPixels }),
  ...(models !== undefined && { models: models.split(',').map((model) => model.trim()) })
})

/** `100/day 5 at once demo,sdxl`; a dash when there are none. */
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
