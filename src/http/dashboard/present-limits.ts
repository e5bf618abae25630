import { fromColumns } from '../../auth/use-limits.ts'
import type { KeyLimits } from './contract/keys.ts'

/** The limits of a key or a person, where null is no limit. */
export function presentLimits(row: Parameters<typeof fromColumns>[0]): KeyLimits {
  const { imagesPerDay, imagesPerMonth, maxActive, maxPixels, models } = fromColumns(row)
  return {
    imagesPerDay: imagesPerDay ?? null,
    imagesPerMonth: imagesPerMonth ?? null,
    maxActive: maxActive ?? null,
    maxPixels: maxPixels ?? null,
    models: models ? [...models] : null
  }
}
