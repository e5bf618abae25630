import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { HOUR_MS } from '../lib/durations.ts'
import type { Visibility } from '../lib/visibility.ts'

/** What stands in the query of an image's URL in place of a key. */
export type ImageLink =
  | { kind: 'signed'; /** Unix seconds. */ expires: number; signature: string }
  /** A link of `share_links`. */
  | { kind: 'share'; token: string }

/** The image as a signature knows it. */
export interface SignedImage {
  id: string
  visibility: Visibility
}

export interface ImageLinks {
  /** Reads the secret. Before anything is signed. */
  load(): Promise<void>
  /** The query of a link by which an image may be fetched for a time: `expires=…&signature=…`. */
  sign(image: SignedImage): string
  /** Whether we signed this, and its time is not over. */
  isSigned(image: SignedImage, link: Extract<ImageLink, { kind: 'signed' }>): boolean
}

/** Links end at a multiple of a tenth of their lifetime, an hour at most, so that those of one time are the same and caches keep them. */
const roundingOf = (lifetimeMs: number): number => Math.min(HOUR_MS, Math.max(1000, lifetimeMs / 10))

/** Longer than any link lives, whatever is configured; what expires later was signed by nobody. */
export const MAX_LINK_MS = 7 * 24 * HOUR_MS

/**
 * Links to images that are not for everybody, for readers that send no key, as an `<img>` tag. The signature is over the image,
 * its visibility and the expiry: a link ends when the visibility changes, and it never holds a key.
 */
export function createImageLinks(parts: {
  /** A random text that all gateways on the database share. */
  loadSecret: () => Promise<string>
  clock: Pick<Clock, 'now'>
  lifetimeMs: () => number
}): ImageLinks {
  let secret: string | undefined
  const signatureOf = ({ id, visibility }: SignedImage, expires: number): string => {
    if (secret === undefined) throw new Error('the secret of image links was not loaded')
    return createHmac('sha256', secret).update(`${id}\n${visibility}\n${expires}`).digest('base64url')
  }
  return {
    load: async () => {
      secret = await parts.loadSecret()
    },
    sign: (image) => {
      const lifetimeMs = parts.lifetimeMs()
      const rounding = roundingOf(lifetimeMs)
      const expires = Math.floor((Math.ceil((parts.clock.now() + lifetimeMs) / rounding) * rounding) / 1000)
      return `expires=${expires}&signature=${signatureOf(image, expires)}`
    },
    isSigned: (image, { expires, signature }) => {
      // Compared whatever the time is: how long it takes tells nothing.
      const isOurs = isSame(signature, signatureOf(image, expires))
      const leftMs = expires * 1000 - parts.clock.now()
      return isOurs && leftMs > 0 && leftMs <= MAX_LINK_MS + HOUR_MS
    }
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
