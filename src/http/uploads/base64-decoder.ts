const BACKSLASH = 0x5c
const NO_DIGIT = 64
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const DIGITS = new Uint8Array(256).fill(NO_DIGIT)
for (const [digit, character] of [...ALPHABET].entries()) DIGITS[character.charCodeAt(0)] = digit
// The URL-safe spelling.
DIGITS['-'.charCodeAt(0)] = 62
DIGITS['_'.charCodeAt(0)] = 63

/**
 * Decodes base64 inside a JSON string that arrives in pieces: escapes are undone, what is no digit is skipped. Without
 * strings of the pieces, which would make garbage faster than it is collected.
 */
export class Base64Decoder {
  /** Of up to three digits that do not make three bytes yet. */
  #bits = 0
  #digits = 0
  /** The beginning of an escape. */
  #escape = ''

  decode(piece: Buffer): Buffer {
    const bytes = Buffer.allocUnsafe(Math.floor(((this.#digits + piece.length) * 3) / 4) + 3)
    let length = 0
    for (let at = 0; at < piece.length; at++) {
      const groups = this.#digits === 0 && this.#escape === '' ? decodeGroups(piece, at, { bytes, length }) : 0
      at += groups * 4
      length += groups * 3
      if (at < piece.length && this.#take(piece[at] as number)) length = this.#writeBits(bytes, length)
    }
    return bytes.subarray(0, length)
  }

  /** What is left at the end: none, one or two bytes. */
  end(): Buffer {
    if (this.#digits < 2) return Buffer.alloc(0)
    return this.#digits === 2 ? Buffer.of(this.#bits >> 4) : Buffer.of(this.#bits >> 10, (this.#bits >> 2) & 255)
  }

  /** Takes one byte of the text; true when there are three bytes' worth of digits. */
  #take(byte: number): boolean {
    const digit = byte === BACKSLASH || this.#escape !== '' ? this.#unescape(byte) : (DIGITS[byte] as number)
    if (digit === NO_DIGIT) return false
    this.#bits = (this.#bits << 6) | digit
    return ++this.#digits === 4
  }

  #writeBits(bytes: Buffer, at: number): number {
    const end = bytes.writeUIntBE(this.#bits, at, 3)
    this.#bits = this.#digits = 0
    return end
  }

  /** The digit that an escape stands for when this byte ends it. */
  #unescape(byte: number): number {
    this.#escape += String.fromCharCode(byte)
    const [, kind] = this.#escape
    if (kind === undefined || (kind === 'u' && this.#escape.length < 6)) return NO_DIGIT
    const code = kind === 'u' ? parseInt(this.#escape.slice(2), 16) : kind === '/' ? byte : 0
    this.#escape = ''
    return DIGITS[code] ?? NO_DIGIT
  }
}

/** The usual case: decodes fours of digits as far as there is nothing else. Returns how many there were. */
function decodeGroups(piece: Buffer, from: number, { bytes, length }: { bytes: Buffer; length: number }): number {
  let [at, to] = [from, length]
  for (; at + 4 <= piece.length; at += 4) {
    const a = DIGITS[piece[at] as number] as number
    const b = DIGITS[piece[at + 1] as number] as number
    const c = DIGITS[piece[at + 2] as number] as number
    const d = DIGITS[piece[at + 3] as number] as number
    if ((a | b | c | d) >= NO_DIGIT) break
    bytes[to++] = (a << 2) | (b >> 4)
    bytes[to++] = (b << 4) | (c >> 2)
    bytes[to++] = (c << 6) | d
  }
  return (at - from) / 4
}
