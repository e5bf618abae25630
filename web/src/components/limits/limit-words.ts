import type { KeyLimits } from '../../../../src/http/dashboard/contract/keys.ts'
import { formatNumber } from '../../lib/format.ts'

/** Sizes people think in; `pixels` is width × height. */
export const PIXEL_LIMITS: readonly { pixels: number; label: string }[] = [
  { pixels: 512 ** 2, label: 'Up to 512 × 512' },
  { pixels: 1024 ** 2, label: 'Up to 1024 × 1024' },
  { pixels: 1536 ** 2, label: 'Up to 1536 × 1536' },
  { pixels: 2048 ** 2, label: 'Up to 2048 × 2048' },
  { pixels: 4096 ** 2, label: 'Up to 4096 × 4096' }
]

/** Each limit in a few words; empty when there is none. */
export function describeLimits({ imagesPerDay, imagesPerMonth, maxActive, maxPixels, models }: KeyLimits): string[] {
  return [
    imagesPerDay !== null && `${formatNumber(imagesPerDay)} a day`,
    imagesPerMonth !== null && `${formatNumber(imagesPerMonth)} a month`,
    maxActive !== null && `${formatNumber(maxActive)} at once`,
    maxPixels !== null && describePixels(maxPixels),
    models !== null && `only ${models.join(', ')}`
  ].filter((part) => part !== false)
}

export const describePixels = (pixels: number): string => {
  const side = Math.sqrt(pixels)
  return Number.isInteger(side) ? `up to ${side} × ${side}` : `up to ${formatNumber(pixels)} pixels`
}
