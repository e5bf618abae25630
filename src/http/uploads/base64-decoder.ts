const ESCAPE_CUT_IN_TWO = /\\(?:u[0-9a-f]{0,3})?$/i
const ESCAPE = /\\(?:u([0-9a-f]{4})|(.))/gi
const NO_DIGIT = /[^A-Za-z0-9+/_-]/g

/** Decodes base64 inside a JSON string that arrives in pieces: escapes are undone, what is not base64 is skipped. */
export class Base64Decoder {
  /** The beginning of an escape of which the end has not come yet. */
  #escape = ''
  /** Up to three digits that do not make whole bytes yet. */
  #digits = ''

  decode(piece: Buffer): Buffer {
    const text = piece.toString('latin1')
    return this.#decodePure(text) ?? this.#decodeAny(text)
  }

  /** What is left at the end. */
  end(): Buffer {
    return Buffer.from(this.#digits, 'base64')
  }

  /** The usual case, for which there is no faster way to find out than to try. */
  #decodePure(text: string): Buffer | undefined {
    if (this.#escape !== '') return undefined
    const [whole, rest] = cut(this.#digits + text)
    const bytes = Buffer.from(whole, 'base64')
    if (bytes.length * 4 !== whole.length * 3 || rest.search(NO_DIGIT) !== -1) return undefined
    this.#digits = rest
    return bytes
  }

  #decodeAny(piece: string): Buffer {
    const text = this.#escape + piece
    this.#escape = ESCAPE_CUT_IN_TWO.exec(text)?.[0] ?? ''
    const plain = text.slice(0, text.length - this.#escape.length).replace(ESCAPE, unescape)
    const [whole, rest] = cut(this.#digits + plain.replace(NO_DIGIT, ''))
    this.#digits = rest
    return Buffer.from(whole, 'base64')
  }
}

/** Into digits that make whole bytes, and up to three more. */
function cut(digits: string): [whole: string, rest: string] {
  const length = digits.length - (digits.length % 4)
  return [digits.slice(0, length), digits.slice(length)]
}

const unescape = (_escape: string, hex: string | undefined, character: string | undefined): string =>
  hex !== undefined ? String.fromCharCode(parseInt(hex, 16)) : character === '/' ? '/' : ''
