/** A service that could make the images, with what was measured of it. */
export interface MeasuredService {
  /** Images it makes at a time. */
  slots: number
  secondsPerImage: number
  /** Seconds until each image that it makes now is likely to be done; undefined of one that takes longer than like ones did. */
  underWay: readonly (number | undefined)[]
}

/** Nobody is told of a longer wait: what is measured says little of so far a time. */
const MOST_SECONDS = 2 ** 31
/** What is said to take no time takes some. */
const LEAST_SECONDS = 0.001

/**
 * Whole seconds, at least 1, until the last of `images` waiting ones is done that has `ahead` others before it, all of which are taken
 * to be like it: each slot begins one when it is done with what it makes now, and nobody knows when that is of an image that takes
 * longer than usual. Undefined when no slot is left of which it is known.
 */
export function estimateSeconds(wait: {
  services: readonly MeasuredService[]
  ahead: number
  images: number
}): number | undefined {
  const slots = wait.services.flatMap(slotsOf)
  if (slots.length === 0) return undefined
  const doneBy = (seconds: number) =>
    slots.reduce(
      (sum, { count, freeIn, perImage }) => sum + count * Math.max(0, Math.floor((seconds - freeIn) / perImage)),
      0
    )
  let [early, late] = [0, 1]
  while (doneBy(late) < wait.ahead + wait.images && late < MOST_SECONDS) [early, late] = [late, late * 2]
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2)
    if (doneBy(middle) < wait.ahead + wait.images) early = middle
    else late = middle
  }
  return late
}

/** As many as are alike. */
interface Slots {
  count: number
  /** Seconds until each can begin another image. */
  freeIn: number
  perImage: number
}

/** Those of which is known when they are free. */
function slotsOf({ slots, secondsPerImage, underWay }: MeasuredService): Slots[] {
  const perImage = Math.max(LEAST_SECONDS, secondsPerImage)
  const free = { count: Math.max(0, slots - underWay.length), freeIn: 0, perImage }
  // Of a service that may make fewer at a time than it does, those done first are followed by nothing.
  const soonest = underWay.toSorted((a, b) => (a ?? Infinity) - (b ?? Infinity))
  const busy = soonest.slice(Math.max(0, underWay.length - slots))
  return [free, ...busy.flatMap((freeIn) => (freeIn === undefined ? [] : { count: 1, freeIn, perImage }))].filter(
    ({ count }) => count > 0
  )
}

/** Steps count as long as their image has taken, from its first, no more than so many times as long as like ones in all. */
const SLOWEST_STEPS = 2

/**
 * Seconds until an image is likely to be done, of which like ones take so many: by the last step that was told of it, else by the
 * time that has passed since it was begun at `since`. Undefined when it takes longer than they did; of one whose steps are told, twice as
 * long since the first of them: its model had to be loaded before, and its image server may hang by now.
 */
export function secondsLeft(
  image: { progress: number; since: number; firstStepAt: number | null },
  { seconds, now }: { seconds: number; now: number }
): number | undefined {
  // Behind the last step comes what no step tells of.
  if (image.progress > 0 && image.progress < 100) {
    const passed = (now - (image.firstStepAt ?? image.since)) / 1000
    return passed > SLOWEST_STEPS * seconds ? undefined : seconds * (1 - image.progress / 100)
  }
  const left = seconds - Math.max(0, now - image.since) / 1000
  return left > 0 ? left : undefined
}

export const wholeSeconds = (seconds: number): number => Math.max(1, Math.ceil(seconds))
