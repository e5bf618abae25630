/** Pixels row by row from the top left, one byte per channel: red, green, blue and, with four channels, alpha. */
export interface Picture {
  pixels: Uint8Array
  channels: 3 | 4
  width: number
  height: number
}

/** What the painter needs to know; it can be posted to another thread. */
export interface PaintJob {
  prompt: string
  negativePrompt: string
  seed: number
  width: number
  height: number
  /** Paint a disc on a transparent ground. */
  transparent: boolean
  /** The picture to edit, width × height. */
  source?: Picture
  /** 0 keeps the source … 1 replaces it; without meaning when there is no source. */
  strength: number
  /** One byte per pixel, 255 = change here; absent: everywhere. */
  mask?: Uint8Array
  /** Further input images, three channels, of any size. */
  references: Picture[]
}
