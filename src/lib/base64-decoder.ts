/** What is no digit of base64, in either of its spellings. */
const NO_DIGITS = /[^A-Za-z0-9+/_-]+/g
const NO_DIGIT = /[^A-Za-z0-9+/_-]/
const BACKSLASH = 0x5c
const ESCAPE = /\\(?:u([0-9a-f]{4})|([^u]))/gi
const MOST_ESCAPE_CHARS = 6
/** What may become an escape with the next piece. */
const HALF_ESCAPE = /^\\(?:u[0-9a-f]{0,3})?$/i

/**
 * Decodes base64 inside a JSON string that arrives in pieces, to the bytes that `Buffer.from(…, 'base64')` makes of the whole string:
 * escapes are undone, what is no digit is skipped, and `=` ends it. Node decodes a piece at once: whoever feeds larger ones has
 * strings as large made of them.
 */
export class Base64Decoder {
  /** Up to three characters that do not make three bytes yet. */
  #rest = ''
  #halfEscape = ''
  #hasEnded = false

  /** How many bytes the next piece can make at most. */
  mostBytes(piece: Uint8Array): number {
    return Math.ceil(((this.#rest.length + this.#halfEscape.length + piece.length) * 3) / 4)
  }

  decode(piece: Buffer): Buffer {
    const bytes = Buffer.allocUnsafe(this.mostBytes(piece))
    return bytes.subarray(0, this.decodeInto(bytes, 0, piece))
  }

  /** Writes the bytes of a piece where there is room for `mostBytes`; returns how many they were. */
  decodeInto(target: Buffer, at: number, piece: Buffer): number {
    if (this.#hasEnded) return 0
    const text = this.#unescape(piece)
    const equals = text.indexOf('=')
    this.#hasEnded = equals !== -1
    return this.#write(target, at, equals === -1 ? text : text.slice(0, equals))
  }

  /** What is left at the end: none, one or two bytes. */
  end(): Buffer {
    return Buffer.from(this.#rest, 'base64')
  }

  #write(target: Buffer, at: number, text: string): number {
    const head = this.#rest + text.slice(0, 4 - this.#rest.length)
    // What was left over takes of the next piece as much as makes it whole: to join all of it would be to copy it.
    if (this.#rest === '' || head.length < 4 || NO_DIGIT.test(head))
      return this.#writeJoined(target, at, this.#rest + text)
    const written = target.write(head, at, 'base64')
    return written + this.#writeJoined(target, at + written, text.slice(4 - this.#rest.length))
  }

  /** Leaves over what makes no three bytes. */
  #writeJoined(target: Buffer, at: number, text: string): number {
    const whole = text.length - (text.length % 4)
    this.#rest = text.slice(whole)
    const written = target.write(text.slice(0, whole), at, 'base64')
    if (written === (whole / 4) * 3) return written
    const digits = text.replace(NO_DIGITS, '')
    const wholeDigits = digits.length - (digits.length % 4)
    this.#rest = digits.slice(wholeDigits)
    return target.write(digits.slice(0, wholeDigits), at, 'base64')
  }

  #unescape(piece: Buffer): string {
    if (this.#halfEscape === '' && !piece.includes(BACKSLASH)) return piece.toString('latin1')
    const text = this.#halfEscape + piece.toString('latin1')
    const last = text.lastIndexOf('\\')
    const end = last !== -1 && HALF_ESCAPE.test(text.slice(last, last + MOST_ESCAPE_CHARS)) ? last : text.length
    this.#halfEscape = text.slice(end)
    return unescapeWhole(text.slice(0, end)) ?? this.#unescapeEach(text)
  }

  /** Of what is no JSON, or ends in a backslash that another one escapes. */
  #unescapeEach(escaped: string): string {
    const text = escaped.replace(ESCAPE, (_, code?: string, character?: string) =>
      code === undefined ? (character === '/' ? '/' : '') : asciiOf(parseInt(code, 16))
    )
    const last = text.lastIndexOf('\\')
    this.#halfEscape = last !== -1 && HALF_ESCAPE.test(text.slice(last)) ? text.slice(last) : ''
    return this.#halfEscape === '' ? text : text.slice(0, last)
  }
}

/** By the parser of JSON, which is faster; undefined of what it does not take. */
function unescapeWhole(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return undefined
  }
}

/** No digit is another character, whatever byte it would be cut to. */
const asciiOf = (code: number): string => (code < 128 && code !== BACKSLASH ? String.fromCharCode(code) : '')
