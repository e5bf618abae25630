import type { LimitColumns } from '../db/tables.ts'
import type { UseLimits } from '../lib/principal.ts'

export function fromColumns(row: LimitColumns): UseLimits {
  const models = row.allowed_models === null ? undefined : (JSON.parse(row.allowed_models) as string[])
  return {
    ...(row.images_per_day !== null && { imagesPerDay: row.images_per_day }),
    ...(row.images_per_month !== null && { imagesPerMonth: row.images_per_month }),
    ...(row.max_active !== null && { maxActive: row.max_active }),
    ...(row.max_pixels !== null && { maxPixels: row.max_pixels }),
    ...(models && { models })
  }
}

export const toColumns = (limits: UseLimits): LimitColumns => ({
  images_per_day: limits.imagesPerDay ?? null,
  images_per_month: limits.imagesPerMonth ?? null,
  max_active: limits.maxActive ?? null,
  max_pixels: limits.maxPixels ?? null,
  allowed_models: limits.models ? JSON.stringify(limits.models) : null
})
