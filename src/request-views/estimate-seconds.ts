/** A service that could make the images, with what was measured of it. */
export interface MeasuredService {
  /** Images it makes at a time. */
  slots: number
  secondsPerImage: number
}

/** When something has to wait, every slot is at work: on average it has half of its image still to do. */
const ROUND_UNDER_WAY = 0.5

/**
 * Whole seconds, at least 1, until the last of `images` waiting ones is done that has `ahead` others before it, all of
 * which are taken to be like it. Undefined when no service is there to make them.
 */
export function estimateSeconds(wait: {
  services: readonly MeasuredService[]
  ahead: number
  images: number
}): number | undefined {
  const { services, ahead, images } = wait
  const slots = services.reduce((sum, service) => sum + service.slots, 0)
  if (slots === 0) return undefined
  const imagesPerSecond = services.reduce((sum, one) => sum + one.slots / one.secondsPerImage, 0)
  const secondsPerRound = slots / imagesPerSecond
  return wholeSeconds((Math.ceil((ahead + images) / slots) + ROUND_UNDER_WAY) * secondsPerRound)
}

export const wholeSeconds = (seconds: number): number => Math.max(1, Math.ceil(seconds))
