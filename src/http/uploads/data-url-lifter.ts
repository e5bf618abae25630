import { PassThrough, type Readable, Transform, type TransformCallback } from 'node:stream'
import { inBackground, toError } from '../../lib/async.ts'
import { errors } from '../../lib/errors.ts'
import { Base64Decoder } from './base64-decoder.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
/** Of a string: enough for a key, and for the type and parameters of a data URL. */
const MOST_HEAD_BYTES = 200

/** How the base64 of a picture begins, in JSON that may escape its slashes. */
const PICTURE_HEADS = [
  ['image/png', /^iVBORw0KGgo/],
  ['image/jpeg', /^\\?\/9j\\?\//],
  ['image/webp', /^UklGR/]
] as const
const PICTURE_HEAD_BYTES = 12

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
  #inString = false
  #escaped = false
  /** The beginning of the present string, held back until it is known whether it is lifted. */
  #head: number[] | undefined
  #lastString = ''
  #key = ''
  #room: Promise<unknown> | undefined
  #lifting: { decoder: Base64Decoder; bytes: PassThrough } | undefined

  constructor(options: LifterOptions) {
    super()
    this.#options = options
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.receivedEncodedLength += chunk.length
    this.#readOn(chunk, 0, done)
  }

  #readOn(chunk: Buffer, from: number, done: TransformCallback): void {
    try {
      for (let at = from; at < chunk.length;) {
        at = this.#read(chunk, at)
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
    if (this.#lifting) return done(errors.invalidJson())
    this.#releaseHead()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#lifting?.bytes.destroy()
    done(error)
  }

  /** Reads as far as one rule goes; returns where the next begins. */
  #read(chunk: Buffer, from: number): number {
    if (this.#lifting) return this.#readData(chunk, from, this.#lifting)
    if (this.#head) return this.#readHead(chunk, from, this.#head)
    return this.#inString ? this.#readString(chunk, from) : this.#readOutside(chunk, from)
  }

  #readOutside(chunk: Buffer, from: number): number {
    const quote = chunk.indexOf(QUOTE, from)
    const text = chunk.subarray(from, quote === -1 ? chunk.length : quote + 1)
    if (text.includes(COLON)) this.#key = this.#lastString
    this.#keep(text)
    if (quote !== -1) this.#beginString()
    return from + text.length
  }

  #beginString(): void {
    this.#inString = true
    this.#head = []
    this.#lastString = ''
  }

  #readHead(chunk: Buffer, from: number, head: number[]): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number
      head.push(byte)
      if (this.#endsString(byte)) this.#lastString = Buffer.from(head.slice(0, -1)).toString()
      if (byte === COMMA && this.#beginsDataUrl(head)) return at + 1
      if (head.length === PICTURE_HEAD_BYTES && this.#inString && this.#beginsPicture(head)) return at + 1
      if (this.#inString && head.length < MOST_HEAD_BYTES) continue
      this.#releaseHead()
      return at + 1
    }
    return chunk.length
  }

  #readString(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length && !this.#endsString(chunk[at++] as number));
    this.#keep(chunk.subarray(from, at))
    return at
  }

  #readData(chunk: Buffer, from: number, { decoder, bytes }: { decoder: Base64Decoder; bytes: PassThrough }): number {
    const quote = chunk.indexOf(QUOTE, from)
    const end = quote === -1 ? chunk.length : quote
    // Who takes the bytes may have had enough of them: then the rest is skipped.
    if (!bytes.destroyed) bytes.write(decoder.decode(chunk.subarray(from, end)))
    if (quote === -1) return end
    if (!bytes.destroyed) bytes.end(decoder.end())
    this.#lifting = undefined
    this.#inString = false
    this.#room = this.#options.whenRoom?.()
    this.#keep(chunk.subarray(quote, quote + 1))
    return quote + 1
  }

  #endsString(byte: number): boolean {
    const escaped = this.#escaped
    this.#escaped = !escaped && byte === BACKSLASH
    if (escaped || byte !== QUOTE) return false
    this.#inString = false
    return true
  }

  #beginsDataUrl(head: readonly number[]): boolean {
    const mediaType = this.#options.keys.has(this.#key) ? mediaTypeOf(head) : undefined
    if (mediaType === undefined) return false
    this.#beginLifting(mediaType)
    return true
  }

  /** Base64 alone, as many clients send it where a data URL belongs. */
  #beginsPicture(head: readonly number[]): boolean {
    const text = Buffer.from(head).toString('latin1')
    const [mediaType] = this.#options.keys.has(this.#key)
      ? (PICTURE_HEADS.find(([, beginning]) => beginning.test(text)) ?? [])
      : []
    if (mediaType === undefined) return false
    const { decoder, bytes } = this.#beginLifting(mediaType)
    bytes.write(decoder.decode(Buffer.from(head)))
    return true
  }

  #beginLifting(mediaType: string): { decoder: Base64Decoder; bytes: PassThrough } {
    const lifting = { decoder: new Base64Decoder(), bytes: new PassThrough() }
    const written = this.#options.lift({ mediaType, bytes: lifting.bytes })
    this.#lifting = lifting
    this.#head = undefined
    this.#keep(Buffer.from(written))
    return lifting
  }

  #releaseHead(): void {
    if (this.#head) this.#keep(Buffer.from(this.#head))
    this.#head = undefined
  }

  #keep(text: Buffer): void {
    this.#textBytes += text.length
    if (this.#textBytes <= this.#options.maxTextBytes) this.push(text)
  }

  /** Goes on when the bytes of the image so far are on their way. */
  #whenTaken(done: TransformCallback): void {
    const bytes = this.#lifting?.bytes
    if (!bytes?.writableNeedDrain || bytes.destroyed) return done()
    const goOn = () => {
      bytes.off('drain', goOn).off('close', goOn)
      done()
    }
    bytes.on('drain', goOn).on('close', goOn)
  }
}

/** The declared type when this, the beginning of a JSON string up to a comma, is that of a base64 data URL. */
function mediaTypeOf(head: readonly number[]): string | undefined {
  try {
    const text = JSON.parse(`"${Buffer.from(head).toString()}"`) as string
    return /^data:([^;,]*)(?:;[^;,]*)*;base64,$/i.exec(text)?.[1]
  } catch {
    return undefined
  }
}
