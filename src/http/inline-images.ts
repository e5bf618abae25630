import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { AssetRow } from '../assets/asset-store.ts'
import type { Assets } from '../assets/assets.ts'
import type { AwaitedImages } from '../assets/awaited-images.ts'
import { base64Length, encodeBase64 } from '../lib/encode-base64.ts'

export interface InlineParts {
  assets: Pick<Assets, 'openBytes'>
  awaitedImages: Pick<AwaitedImages, 'find'>
}

type StoredImage = Pick<AssetRow, 'storage_key' | 'bytes'>

/** JSON with the base64 of images in it. */
export interface InlineJson {
  bytes: number
  /** For once, and to be read or destroyed: the first image is open. */
  content: Readable
}

/**
 * Writes images into JSON while it is sent: until then each has a word in its place, so that of their base64 a piece at a time
 * is in memory, as fast as it is taken.
 */
export class InlineImages {
  readonly #parts: InlineParts
  /** Nobody who has a text in an answer knows it. */
  readonly #word = `image ${randomUUID()} `
  readonly #images: StoredImage[] = []

  constructor(parts: InlineParts) {
    this.#parts = parts
  }

  /** What is written in place of its base64. */
  wordFor(image: StoredImage): string {
    return `${this.#word}${this.#images.push(image) - 1} `
  }

  /**
   * What `JSON.stringify` makes of a value, with the images of its words. Throws `storage_unavailable` when one cannot be read
   * from the first; what fails later fails the content.
   */
  async write(value: unknown): Promise<InlineJson> {
    const parts = this.#partsOf(JSON.stringify(value))
    const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.byteLength(part) : base64Length(part.bytes)))
    const pieces = this.#pieces(parts)
    await pieces.next()
    return { bytes: bytes.reduce((sum, length) => sum + length, 0), content: Readable.from(pieces) }
  }

  #partsOf(json: string): (string | StoredImage)[] {
    const [first = '', ...others] = json.split(this.#word)
    return [
      first,
      ...others.flatMap((part) => {
        const end = part.indexOf(' ')
        const image = this.#images[Number(part.slice(0, end))]
        return image ? [image, part.slice(end + 1)] : [part]
      })
    ]
  }

  /** The first is empty and comes when the first image is open and the others have been. */
  async *#pieces(parts: readonly (string | StoredImage)[]): AsyncGenerator<Buffer, void> {
    const [first, ...others] = parts.filter((part) => typeof part !== 'string')
    for (const image of others) (await this.#open(image)).close()
    const opened = first && (await this.#open(first))
    try {
      yield Buffer.alloc(0)
      for (const part of parts) {
        if (typeof part === 'string') yield Buffer.from(part)
        else yield* (part === first && opened ? opened : await this.#open(part)).digits
      }
    } finally {
      opened?.close()
    }
  }

  /** What is kept for those who wait for it, else what is stored. */
  async #open(image: StoredImage): Promise<{ digits: Iterable<Buffer> | AsyncIterable<Buffer>; close: () => void }> {
    const kept = this.#parts.awaitedImages.find(image.storage_key)
    if (kept) return { digits: kept, close: () => undefined }
    const bytes = await this.#parts.assets.openBytes(image)
    return { digits: encodeBase64(bytes), close: () => bytes.destroy() }
  }
}
