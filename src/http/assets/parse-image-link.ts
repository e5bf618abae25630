import type { ImageLink } from '../../assets/image-links.ts'

/** More than the links of this product have. */
const MOST_CHARACTERS = 100

/**
 * The link in the query of an image's URL: `expires` and `signature`, or `share`. Undefined when there is none or it is malformed,
 * which counts as none: an image that is for everybody needs none, and of the others nothing is told.
 */
export function parseImageLink({ expires, signature, share }: Record<string, unknown>): ImageLink | undefined {
  if (isText(share)) return { kind: 'share', token: share }
  if (!isText(signature) || typeof expires !== 'string' || !/^[1-9]\d{0,14}$/.test(expires)) return undefined
  return { kind: 'signed', expires: Number(expires), signature }
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MOST_CHARACTERS
