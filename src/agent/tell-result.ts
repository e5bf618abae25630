import type { Size } from '../images/image-request.ts'
import { formatSize } from '../images/sizes.ts'
import type { AssignedTask } from '../protocol/messages.ts'

/** The seed as the gateway is told it. An older gateway wants a number in any case. */
export const seedToTell = (seed: number | null, { seed_drawn, seed: assigned }: AssignedTask): number | null =>
  seed ?? (seed_drawn === undefined ? assigned : null)

export const seedWarnings = (seed: number | null, { seed_drawn }: AssignedTask): string[] =>
  seed === null && seed_drawn === false ? ['The model takes no seed: the one you gave was not used.'] : []

/**
 * What to say of a size that the engine chose itself, where the caller named none: that it is not the source's, and that
 * the server made another one still.
 */
export function sizeWarnings(sizes: { chosen: Size | undefined; source: Size | undefined; made: Size }): string[] {
  const { chosen, source, made } = sizes
  if (!chosen) return []
  const isSources = !source || formatSize(source) === formatSize(chosen)
  return [
    ...(isSources
      ? []
      : [`The image is ${formatSize(source)}; without a size, the image server was asked for ${formatSize(chosen)}.`]),
    ...(formatSize(made) === formatSize(chosen)
      ? []
      : [`The image server was asked for ${formatSize(chosen)} and delivered ${formatSize(made)}.`])
  ]
}
