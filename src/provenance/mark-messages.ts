import type { SourceTypeMark } from '../images/metadata/mark-source-type.ts'

/** An image that is to be marked: it has passed inspection. */
export interface MarkOrder {
  bytes: Uint8Array
  isComposite: SourceTypeMark['isComposite']
}

/** The image as it goes on; absent when it says of itself already what it is to say. */
export interface MarkAnswer {
  bytes?: Uint8Array | undefined
}
