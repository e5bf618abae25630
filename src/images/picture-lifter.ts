const QUOTE = 0x22
const BACKSLASH = 0x5c
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
const NOTHING = Buffer.alloc(0)
/** The first byte of such strings and of data URLs, or of an escape in them. */
const FIRST_BYTES = new Set([...'iU/dD\\'].map((character) => character.charCodeAt(0)))

/** The beginning of a string that is to be lifted. */
export interface PictureHead {
  /** Of the member that it is in, or of the list that is one. */
  key: string
  mediaType: string
  /** Of a data URL all that comes before its base64, as JSON has it in one character for each byte; else empty. */
  prefix: string
}

/** Where the base64 of one string goes. */
export interface PictureTaker {
  /** Stands in its place between the quotes, in one character for each byte. */
  written: string
  /** The next of the string as JSON has it, escapes and all, which is the taker's: when it is a whole piece, nobody else looks at it. */
  take(piece: Buffer): void
  end(): void
}

export interface PictureLifterParts {
  /** Undefined: the string stays. */
  lift(head: PictureHead): PictureTaker | undefined
  /** Takes what is not lifted. */
  keep(text: Buffer): void
}

/**
 * Finds the base64 of pictures in JSON that arrives in pieces, wherever they are cut: data URLs, and strings that begin as the base64 of
 * a png, jpeg or webp does. Ends of strings are searched for and not walked to, so that what is lifted costs next to nothing
 * here. Whether all of it is JSON, its parser decides.
 */
export class PictureLifter {
  readonly #parts: PictureLifterParts
  #inString = false
  /** The last byte was a backslash that escapes the next one. */
  #escapes = false
  /** The beginning of the present string, held back until it is known whether it is lifted. */
  #head: Buffer | undefined
  #lastString: Buffer | undefined
  #key = ''
  #taker: PictureTaker | undefined

  constructor(parts: PictureLifterParts) {
    this.#parts = parts
  }

  /** Whether the text has come to the middle of a string that is lifted. */
  get isLifting(): boolean {
    return this.#taker !== undefined
  }

  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) at = this.read(chunk, at)
  }

  /** Reads as far as one rule goes; returns where the next begins. */
  read(chunk: Buffer, from: number): number {
    if (this.#taker) return this.#readPicture(chunk, from, this.#taker)
    if (this.#head) return this.#readHead(chunk, from, this.#head)
    return this.#inString ? this.#readString(chunk, from) : this.#readOutside(chunk, from)
  }

  /** Keeps what was held back of a string that has no end. */
  end(): void {
    if (this.#head) this.#parts.keep(this.#head)
    this.#head = undefined
  }

  #readOutside(chunk: Buffer, from: number): number {
    const quote = chunk.indexOf(QUOTE, from)
    const text = chunk.subarray(from, quote === -1 ? chunk.length : quote + 1)
    if (text.includes(COLON)) this.#key = this.#lastString?.toString() ?? ''
    this.#parts.keep(text)
    if (quote !== -1) {
      this.#inString = true
      this.#head = NOTHING
      this.#lastString = undefined
    }
    return from + text.length
  }

  #readHead(chunk: Buffer, from: number, held: Buffer): number {
    const escaped = this.#escapes
    const quote = this.#findEnd(chunk, from)
    const isWhole = quote !== -1
    const rest = chunk.subarray(from, isWhole ? quote : chunk.length)
    const start = rest.subarray(0, MOST_HEAD_BYTES - held.length)
    const head = held.length === 0 ? start : Buffer.concat([held, start])
    const found = pictureIn(head)
    const taker = found && this.#parts.lift({ key: this.#key, ...found })
    if (taker) {
      this.#head = undefined
      this.#taker = taker
      this.#parts.keep(Buffer.from(taker.written, 'latin1'))
      const { length } = found.prefix
      if (length === 0 && held.length > 0) taker.take(held)
      // Where the base64 goes on nothing is escaped, unless that had begun before.
      this.#escapes = length === 0 && escaped
      return from + Math.max(0, length - held.length)
    }
    if (!isWhole && !found && head.length < MOST_HEAD_BYTES && (head[0] === undefined || FIRST_BYTES.has(head[0]))) {
      this.#head = head
      return chunk.length
    }
    if (isWhole && held.length + rest.length <= MOST_HEAD_BYTES) this.#lastString = head
    this.#head = undefined
    if (held.length > 0) this.#parts.keep(held)
    return this.#keepString(chunk, from, quote)
  }

  #readString(chunk: Buffer, from: number): number {
    return this.#keepString(chunk, from, this.#findEnd(chunk, from))
  }

  /** Up to and including its quote; -1 when that is not in the chunk. */
  #keepString(chunk: Buffer, from: number, quote: number): number {
    const to = quote === -1 ? chunk.length : quote + 1
    this.#inString = quote === -1
    this.#parts.keep(chunk.subarray(from, to))
    return to
  }

  #readPicture(chunk: Buffer, from: number, taker: PictureTaker): number {
    const quote = this.#findEnd(chunk, from)
    const end = quote === -1 ? chunk.length : quote
    if (end > from) taker.take(chunk.subarray(from, end))
    if (quote === -1) return end
    this.#taker = undefined
    taker.end()
    return this.#keepString(chunk, quote, quote)
  }

  /** The quote that ends the present string; -1 when it is not in the chunk. */
  #findEnd(chunk: Buffer, from: number): number {
    let unescaped = this.#escapes ? from + 1 : from
    for (;;) {
      const quote = chunk.indexOf(QUOTE, unescaped)
      const end = quote === -1 ? chunk.length : quote
      let backslashes = 0
      while (end - backslashes > unescaped && chunk[end - backslashes - 1] === BACKSLASH) backslashes += 1
      const isEscaped = backslashes % 2 === 1
      if (quote === -1) this.#escapes = isEscaped
      else if (!isEscaped) this.#escapes = false
      if (quote === -1 || !isEscaped) return quote
      unescaped = quote + 1
    }
  }
}

/** Whether a string begins as one that is lifted; undefined also while too little of it is there. */
function pictureIn(head: Buffer): Pick<PictureHead, 'mediaType' | 'prefix'> | undefined {
  const [first] = head
  if (first === undefined || !FIRST_BYTES.has(first)) return undefined
  const text = head.toString('latin1')
  const bare = text.length >= PICTURE_HEAD_BYTES ? PICTURE_HEADS.find(([, begins]) => begins.test(text)) : undefined
  if (bare) return { mediaType: bare[0], prefix: '' }
  const prefix = text.slice(0, text.indexOf(',') + 1)
  const mediaType = prefix === '' ? undefined : mediaTypeOf(prefix)
  return mediaType === undefined ? undefined : { mediaType, prefix }
}

/** The declared type when this, the beginning of a JSON string up to a comma, is that of a base64 data URL. */
function mediaTypeOf(prefix: string): string | undefined {
  try {
    return /^data:([^;,]*)(?:;[^;,]*)*;base64,$/i.exec(JSON.parse(`"${prefix}"`) as string)?.[1]
  } catch {
    return undefined
  }
}
