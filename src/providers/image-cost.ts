import { LEAST_PIXELS } from '../images/sizes.ts'

/** What decides how long an image takes, besides who makes it. */
export interface Work {
  megapixels: number
  /** Sampling steps, when they were named. */
  steps?: number
}

/** How long one service takes for images of one model, as measured here from their beginning to their delivery. */
export interface Pace {
  /** Milliseconds for a million pixels, of images without steps; null before the first. */
  megapixelMs: number | null
  /** Milliseconds for one step of a million pixels, of images whose steps were named; null before the first. */
  stepMs: number | null
}

/** A service that was measured, as far as costs go by it. */
export interface MeasuredService {
  pace: Pace
  /** Images that share it, as far as it has shown that they can. */
  places: number
  /** It serves everybody. */
  isTrusted: boolean
}

/** Steps that an image is taken to have which names none. */
const USUAL_STEPS = 20
/** Of an image that nobody knows anything about. */
const USUAL_SECONDS_PER_MEGAPIXEL = 10
/** Side of the image assumed when the engine chooses the size. */
const USUAL_SIDE = 1024
/** Costs are told in tenths of a second of a GPU. */
const UNITS_PER_SECOND = 10
const LEAST_COST = 1
/** Ten minutes: whatever is measured, one image weighs no more. */
const MOST_COST = 6000

/** What an image of this size takes; without a size that of the first source image, else the usual one. */
export function workOf({
  size,
  source,
  steps
}: {
  size?: { width: number; height: number } | undefined
  source?: { width: number; height: number } | undefined
  steps?: number | undefined
}): Work {
  const { width, height } = size ?? source ?? { width: USUAL_SIDE, height: USUAL_SIDE }
  return sizedWork((width * height) / 1e6, steps)
}

/** What an image takes that is in the queue. */
export const workOfTask = ({ pixels, steps }: { pixels: number; steps: number | null }): Work =>
  sizedWork(pixels / 1e6, steps ?? undefined)

const sizedWork = (megapixels: number, steps: number | undefined): Work => ({
  megapixels: Math.max(LEAST_PIXELS / 1e6, megapixels),
  ...(steps !== undefined && { steps })
})

/** Seconds from the beginning of an image to its delivery; undefined of a service that was not measured. */
export function secondsOf({ megapixelMs, stepMs }: Pace, { megapixels, steps }: Work): number | undefined {
  const ms =
    steps === undefined
      ? (megapixelMs ?? (stepMs === null ? undefined : stepMs * USUAL_STEPS))
      : (stepMs ?? (megapixelMs === null ? undefined : megapixelMs / USUAL_STEPS))
  return ms === undefined ? undefined : (ms * megapixels * (steps ?? 1)) / 1000
}

/**
 * What a person is charged for an image, in tenths of a second of a GPU: by the service in the middle of those that were
 * measured with its model, so that no single one decides what the others' images cost. Those that serve everybody count before
 * the rest. Within bounds, whatever was measured.
 */
export function costOf(services: readonly MeasuredService[], work: Work): number {
  const trusted = services.filter(({ isTrusted }) => isTrusted)
  const seconds = (trusted.length > 0 ? trusted : services)
    .flatMap(({ pace, places }) => {
      const taken = secondsOf(pace, work)
      return taken === undefined ? [] : [taken / Math.max(1, places)]
    })
    .sort((a, b) => a - b)
  const usual = USUAL_SECONDS_PER_MEGAPIXEL * work.megapixels * ((work.steps ?? USUAL_STEPS) / USUAL_STEPS)
  const middle = seconds[Math.floor((seconds.length - 1) / 2)] ?? usual
  return Math.min(MOST_COST, Math.max(LEAST_COST, Math.round(middle * UNITS_PER_SECOND)))
}

/** How long a measured image took at least and at most, in milliseconds: clocks are set, and machines sleep. */
export const TOOK_MS = { min: 1, max: 3_600_000 }
