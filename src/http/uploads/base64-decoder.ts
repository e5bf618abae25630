const ESCAPE_CUT_IN_TWO = /\\(?:u[0-9a-f]{0,3})?$/i

/** Decodes base64 inside a JSON string that arrives in pieces: escapes are undone, what is not base64 is skipped. */
export class Base64Decoder {
  /** The beginning of an escape of which the end has not come yet. */
  #escape = ''
  /** Up to three digits that make no whole byte group yet. */
  #digits = ''

  decode(piece: Buffer): Buffer {
    const text = this.#escape + piece.toString('latin1')
    this.#escape = ESCAPE_CUT_IN_TWO.exec(text)?.[0] ?? ''
    const digits = this.#digits + digitsOf(text.slice(0, text.length - this.#escape.length))
    const whole = digits.length - (digits.length % 4)
    this.#digits = digits.slice(whole)
    return Buffer.from(digits.slice(0, whole), 'base64')
  }

  /** What is left at the end. */
  end(): Buffer {
    return Buffer.from(this.#digits, 'base64')
  }
}

function digitsOf(text: string): string {
  if (/^[A-Za-z0-9+/]*$/.test(text)) return text
  return text.replace(/\\(?:u([0-9a-f]{4})|(.))/gi, unescape).replace(/[^A-Za-z0-9+/_-]/g, '')
}

const unescape = (_escape: string, hex: string | undefined, character: string | undefined): string =>
  hex !== undefined ? String.fromCharCode(parseInt(hex, 16)) : character === '/' ? '/' : ''
