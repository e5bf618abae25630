import type { ImageMediaType } from '../images/media-types.ts'

/** What the thread that checks is given as it begins. */
export interface CheckSetup {
  /** The certificates of whatever has signed here, each with those that vouch for it, in PEM. */
  signers: readonly string[]
}

export interface CheckOrder {
  bytes: Uint8Array
  mediaType: ImageMediaType
}

export interface CheckAnswer {
  /** It carries a manifest that was signed here and fits its bytes. */
  isOurs: boolean
  /** What checks cannot be used any more. */
  isBroken?: boolean
}
