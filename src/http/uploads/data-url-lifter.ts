import { PassThrough, type Readable, Transform, type TransformCallback } from 'node:stream'
import { type PictureHead, PictureLifter, type PictureTaker } from '../../images/picture-lifter.ts'
import { inBackground, toError } from '../../lib/async.ts'
import { Base64Decoder } from '../../lib/base64-decoder.ts'
import { errors } from '../../lib/errors.ts'

export interface LifterOptions {
  /** Where data URLs are lifted: in a value of one of these keys, or in a list that is one. */
  keys: ReadonlySet<string>
  /** Of all that is not lifted. */
  maxTextBytes: number
  /** Takes the bytes of a data URL and returns what is written in its place: letters and digits. */
  lift: (image: { mediaType: string; bytes: Readable }) => string
  /** Asked after each: when the next one may come; undefined: at once. Never rejects. */
  whenRoom?: () => Promise<unknown> | undefined
}

/**
 * Passes JSON through and takes the bytes out of its base64 data URLs, and of base64 that begins as a picture does, while
 * they stream by, so that no image is ever held in memory as text. Whether it is JSON, its parser decides. Fails with
 * `request_too_large` and what `lift` throws.
 */
export class DataUrlLifter extends Transform {
  /** Bytes taken in: what Fastify compares with the declared length and the limit of the body. */
  receivedEncodedLength = 0
  readonly #options: LifterOptions
  #textBytes = 0
  #room: Promise<unknown> | undefined
  #bytes: PassThrough | undefined
  readonly #lifter: PictureLifter

  constructor(options: LifterOptions) {
    super()
    this.#options = options
    this.#lifter = new PictureLifter({ lift: (head) => this.#lift(head), keep: (text) => this.#keep(text) })
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.receivedEncodedLength += chunk.length
    this.#readOn(chunk, 0, done)
  }

  #readOn(chunk: Buffer, from: number, done: TransformCallback): void {
    try {
      for (let at = from; at < chunk.length;) {
        at = this.#lifter.read(chunk, at)
        const room = this.#room
        if (!room) continue
        this.#room = undefined
        return inBackground(
          room.then(() => this.#readOn(chunk, at, done)),
          (error) => done(toError(error))
        )
      }
    } catch (error) {
      return done(toError(error))
    }
    if (this.#textBytes <= this.#options.maxTextBytes) return this.#whenTaken(done)
    done(
      errors.requestTooLarge(
        `Beside its images the body has more than the ${this.#options.maxTextBytes} bytes allowed.`
      )
    )
  }

  override _flush(done: TransformCallback): void {
    if (this.#lifter.isLifting) return done(errors.invalidJson())
    this.#lifter.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#bytes?.destroy()
    done(error)
  }

  #lift({ key, mediaType }: PictureHead): PictureTaker | undefined {
    if (!this.#options.keys.has(key)) return undefined
    const decoder = new Base64Decoder()
    const bytes = new PassThrough()
    this.#bytes = bytes
    return {
      written: this.#options.lift({ mediaType, bytes }),
      take: (piece) => {
        // Who takes the bytes may have had enough of them: then the rest is skipped.
        if (!bytes.destroyed) bytes.write(decoder.decode(piece))
      },
      end: () => {
        if (!bytes.destroyed) bytes.end(decoder.end())
        this.#bytes = undefined
        this.#room = this.#options.whenRoom?.()
      }
    }
  }

  #keep(text: Buffer): void {
    this.#textBytes += text.length
    if (this.#textBytes <= this.#options.maxTextBytes) this.push(text)
  }

  /** Goes on when the bytes of the image so far are on their way. */
  #whenTaken(done: TransformCallback): void {
    const bytes = this.#bytes
    if (!bytes?.writableNeedDrain || bytes.destroyed) return done()
    const goOn = () => {
      bytes.off('drain', goOn).off('close', goOn)
      done()
    }
    bytes.on('drain', goOn).on('close', goOn)
  }
}
