import { Transform, type TransformCallback } from 'node:stream'
import { ByteFeed, type Parsing } from './byte-feed.ts'
import type { ImageFacts, InspectionLimits } from './image-facts.ts'
import { ImageRejected, SEND_IMAGE, unsupported } from './image-rejected.ts'
import type { ImageMediaType } from './media-types.ts'
import { parseJpeg } from './parse-jpeg.ts'
import { parsePng } from './parse-png.ts'
import { parseWebp } from './parse-webp.ts'
import { FOREIGN_CONTENT_BYTES, MEDIA_TYPE_BYTES, nameForeignContent, sniffMediaType } from './sniff-media-type.ts'

export { orientedSize, type ImageFacts, type InspectionLimits } from './image-facts.ts'
export { ImageRejected, type ImageRejectionReason } from './image-rejected.ts'

const PARSERS: Readonly<Record<ImageMediaType, (feed: ByteFeed, limits: InspectionLimits) => Parsing<ImageFacts>>> = {
  'image/png': parsePng,
  'image/jpeg': parseJpeg,
  'image/webp': parseWebp
}

/**
 * Checks that bytes are one whole, still png, jpeg or webp while they stream by: by their structure, without decoding
 * and with at most 64 KiB of them in memory. What is to be said of its pixels, `verifyPixels` tells.
 */
export class ImageInspector {
  readonly #feed = new ByteFeed()
  readonly #parsing: Parsing<ImageFacts>
  #facts: ImageFacts | undefined
  #failure: { error: unknown } | undefined

  constructor(limits: InspectionLimits) {
    this.#parsing = parseImage(this.#feed, limits)
  }

  /**
   * Takes the next bytes, which may be reused afterwards.
   *
   * @throws ImageRejected as soon as the bytes so far tell; then from every further call.
   */
  write(chunk: Uint8Array): void {
    if (this.#facts !== undefined) return
    if (this.#failure === undefined) this.#feed.push(chunk)
    this.#resume()
  }

  /** @throws ImageRejected, `damaged` when the image is not complete and `empty` when nothing was written. */
  end(): ImageFacts {
    this.#feed.end()
    this.#resume()
    if (this.#facts === undefined) throw new Error('A parser asked for bytes after the end.')
    return this.#facts
  }

  #resume(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    try {
      const step = this.#parsing.next()
      if (step.done === true) this.#facts ??= step.value
    } catch (error) {
      this.#failure = { error }
      throw error
    }
  }
}

/** Passes bytes through unchanged while an `ImageInspector` looks at them; fails with its `ImageRejected`. */
export class ImageInspection extends Transform {
  readonly #inspector: ImageInspector
  #facts: ImageFacts | undefined

  constructor(limits: InspectionLimits) {
    super()
    this.#inspector = new ImageInspector(limits)
  }

  /** There once the stream has finished. */
  get facts(): ImageFacts {
    if (this.#facts === undefined) throw new Error('The image is not inspected to its end yet.')
    return this.#facts
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    settle(done, chunk, () => {
      this.#inspector.write(chunk)
    })
  }

  override _flush(done: TransformCallback): void {
    settle(done, undefined, () => {
      this.#facts = this.#inspector.end()
    })
  }
}

export const inspectImage = (limits: InspectionLimits): ImageInspection => new ImageInspection(limits)

/** Calls `done` with `output` when `work` is through, or with what it threw. */
function settle(done: TransformCallback, output: Buffer | undefined, work: () => void): void {
  try {
    work()
  } catch (error) {
    done(error as Error)
    return
  }
  done(null, output)
}

function* parseImage(feed: ByteFeed, limits: InspectionLimits): Parsing<ImageFacts> {
  const head = yield* feed.peek(MEDIA_TYPE_BYTES)
  if (head.length === 0) throw new ImageRejected('empty', 'The file is empty.', { advice: SEND_IMAGE })
  const mediaType = sniffMediaType(head)
  if (mediaType !== undefined) return yield* PARSERS[mediaType](feed, limits)

  const name = nameForeignContent(yield* feed.peek(FOREIGN_CONTENT_BYTES))
  if (name !== undefined) throw unsupported(name)
  throw new ImageRejected('not_an_image', 'The file is not an image that is known here.', { advice: SEND_IMAGE })
}
