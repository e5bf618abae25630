import type { EngineDescription } from './engine-description.ts'
import type { FoundModel } from './inventory.ts'
import type { ServerLook } from './server-look.ts'

/**
 * Tells whether an image server is one of those that an engine drives, and what it has; undefined when it is not. Asks
 * only for what changes nothing there, and never makes an image.
 */
export type Fingerprint = (look: ServerLook) => Promise<Recognised | undefined>

/** A server that was recognised. Its texts are its own words: they are cleaned where they are shown. */
export interface Recognised {
  /** What drives it; absent: nothing does. */
  engine?: EngineDescription
  /** What it is, for people. */
  server: string
  /** Those that make images, in its own order. */
  models: FoundModel[]
  /** Where there is none of these: models whose names do not tell what they make. They count where somebody has named the server. */
  unclear?: FoundModel[]
  /** Options that a service of it needs. */
  options?: Record<string, string>
  /** A sentence for whoever connects it: why it cannot be used as it is, or what was not found out. */
  note?: string
  /** As `advice` of `ServerDescription`. */
  advice?: string
  /** It may make images or not: that cannot be asked. */
  isUnsure?: true
  /** It lets nobody in without a key, or refused the one it got. */
  wantsKey?: true
  /** It lets nobody in without a user name and a password in its address, or refused those that are there. */
  password?: 'wanted' | 'refused'
}

/** Names of files that lie among models of pictures and make none: films, sound, second passes. */
const OTHER_FILES =
  /(?:^|[^a-z])(?:svd|ltxv?|wan[-_ ]?\d|mochi|cosmos|hunyuan[-_]?video|animatediff|stable[-_]?audio|ace[-_]?step|refiner|upscaler?)(?![a-z])|video/i

export const isPictureFile = (name: string): boolean => !OTHER_FILES.test(name.replace(/^.*[\\/]/, ''))

/** Whether a name in a list of models of all kinds speaks of pictures. */
export const isPictureName = (name: string): boolean =>
  /(?:^|[^a-z])(?:flux|sdxl|sd|stable[-_]?diffusion|dall[-_]?e|pixart|kandinsky|kolors|hidream|chroma|dreamshaper|imagen|ideogram|recraft|pony|illustrious|juggernaut)(?![a-z])|image/i.test(
    name
  ) && isPictureFile(name)
