/** Makes base64 of bytes that come in pieces. Gives digits as they come: to join them would be a copy of all. */
export class Base64Encoder {
  /** Less than the three bytes that make four digits. */
  #rest: Buffer = NOTHING
  readonly #give: (digits: string) => void

  constructor(give: (digits: string) => void) {
    this.#give = give
  }

  /** Copies what it keeps, up to two bytes. */
  take(piece: Buffer): void {
    const missing = this.#rest.length === 0 ? 0 : 3 - this.#rest.length
    if (piece.length < missing) {
      this.#rest = Buffer.concat([this.#rest, piece])
      return
    }
    if (missing > 0) this.#give(Buffer.concat([this.#rest, piece.subarray(0, missing)]).toString('base64'))
    const end = piece.length - ((piece.length - missing) % 3)
    this.#rest = end === piece.length ? NOTHING : Buffer.from(piece.subarray(end))
    if (end > missing) this.#give(piece.toString('base64', missing, end))
  }

  end(): void {
    if (this.#rest.length > 0) this.#give(this.#rest.toString('base64'))
    this.#rest = NOTHING
  }
}

const NOTHING = Buffer.alloc(0)

/** The base64 of bytes that come in pieces, as ASCII in pieces of at most a third more. */
export async function* encodeBase64(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const digits: Buffer[] = []
  const encoder = new Base64Encoder((text) => digits.push(Buffer.from(text, 'latin1')))
  for await (const piece of source) {
    encoder.take(piece)
    yield* digits.splice(0)
  }
  encoder.end()
  yield* digits
}

/** How many digits they are. */
export const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4
