import { DAY_MS } from '../lib/durations.ts'
import { THUMBNAIL_WIDTHS, type ThumbnailWidth } from '../images/make-thumbnail.ts'
import { OUTPUT_FORMATS, type OutputFormat } from '../images/media-types.ts'
import { newId } from '../lib/ids.ts'

/** Which thumbnail of an image: how wide at most, `full` for the width of the image itself, and in which format. */
export interface ThumbnailKind {
  width: ThumbnailWidth | 'full'
  format: OutputFormat
}

const IMAGES = 'images/'
const THUMBNAILS = 'thumbnails/'
const QUARANTINE = 'quarantine/'
const UPLOADS = 'uploads/'

const KINDS = [...THUMBNAIL_WIDTHS, 'full' as const].flatMap((width) =>
  OUTPUT_FORMATS.map((format): ThumbnailKind => ({ width, format }))
)

/**
 * Where the bytes of an asset are; rows say so, and older ones name folders of two letters. Spread over 36 folders, so that a
 * million images are some 30,000 in each: more of them are no faster, and each that has to be made costs the image that is first in it.
 */
export const storageKeyOf = (assetId: string): string => `${IMAGES}${assetId.slice(4, 5)}/${assetId}`

/** Beside those of other images, in no folder of its own: that would stay behind, empty. */
export const thumbnailKey = (storageKey: string, { width, format }: ThumbnailKind): string =>
  `${THUMBNAILS}${storageKey.slice(IMAGES.length)}.${width}.${format}`

/** The keys of every thumbnail that an image may have. */
export const thumbnailKeys = (storageKey: string): string[] => KINDS.map((kind) => thumbnailKey(storageKey, kind))

/** Where an image lies that no row refers to: by the day (UTC) on which it was set aside. */
export const quarantineKey = (storageKey: string, at: number): string =>
  `${QUARANTINE}${new Date(at).toISOString().slice(0, 10)}/${storageKey.slice(IMAGES.length)}`

/** Where an agent writes an image by itself: nothing there is an image yet, and nobody else knows its name. */
export const newUploadKey = (): string => `${UPLOADS}${newId('upl')}`

/** What is set aside under a key: the storage key it had, and the end of the day on which it was; undefined of other keys. */
export function quarantinedAs(key: string): { imageKey: string; dayEndsAt: number } | undefined {
  const [, day, rest] = /^quarantine\/(\d{4}-\d\d-\d\d)\/(.+)$/.exec(key) ?? []
  const begins = Date.parse(day ?? '')
  if (rest === undefined || Number.isNaN(begins)) return undefined
  return { imageKey: IMAGES + rest, dayEndsAt: begins + DAY_MS }
}

/** What keys of stored objects begin with. */
export const PREFIXES = { images: IMAGES, thumbnails: THUMBNAILS, quarantine: QUARANTINE, uploads: UPLOADS } as const

/** The storage key of the image that a stored object is, or is a thumbnail of; undefined of anything else. */
export function imageKeyOf(key: string): string | undefined {
  if (key.startsWith(IMAGES)) return key
  return key.startsWith(THUMBNAILS) ? IMAGES + key.slice(THUMBNAILS.length).replace(/\..*$/, '') : undefined
}
