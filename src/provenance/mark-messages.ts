import type { ImageMediaType } from '../images/media-types.ts'
import type { SigningKey } from './signer.ts'

/** What the thread that marks is given as it begins. */
export interface MarkSetup {
  layers: readonly string[]
  /** With the layer `c2pa`. */
  signingKey: SigningKey | undefined
  timeStampUrl: string | undefined
}

/** A picture that an edit or a variation began with; without bytes it is only said that it was there. */
export interface SourceImage {
  mediaType: ImageMediaType
  bytes?: Uint8Array | undefined
}

/** An image that is to be marked: it has passed inspection. */
export interface MarkOrder {
  bytes: Uint8Array
  isComposite: boolean
  sources: readonly SourceImage[]
}

export interface MarkAnswer {
  /** The image as it goes on; absent when it says of itself already what it is to say. */
  bytes?: Uint8Array | undefined
  /** Why it was not signed. */
  unsigned?: string
  /** What signs cannot be used any more. */
  isBroken?: boolean
  /** Why the signature has no time. */
  unstamped?: string
}
