import type { ProviderDetail } from '../../../../src/http/dashboard/contract/network.ts'

const HOUR_MS = 3_600_000
const HOURS = 7 * 24

export interface PaceHour {
  /** Its first moment. */
  at: number
  images: number
  /** Null: nothing was made. */
  secondsPerMegapixel: number | null
}

/** Every hour of the last 7 days up to the one of `now`, those without images as well. */
export function paceHours(pace: ProviderDetail['pace'], now: number): PaceHour[] {
  const known = new Map(pace.map((hour) => [startOfHour(hour.at), hour]))
  const first = startOfHour(now) - (HOURS - 1) * HOUR_MS
  return Array.from({ length: HOURS }, (_, index) => {
    const at = first + index * HOUR_MS
    const { images = 0, secondsPerMegapixel = null } = known.get(at) ?? {}
    return { at, images, secondsPerMegapixel }
  })
}

const startOfHour = (at: number): number => Math.floor(at / HOUR_MS) * HOUR_MS

/** The first moments of the reader's days among these hours, for the marks of an axis. */
export const dayStarts = (hours: readonly PaceHour[]): number[] =>
  hours.map(({ at }) => at).filter((at) => new Date(at).getHours() === 0)
