import { damaged } from './image-rejected.ts'

/** A parser as a coroutine: it yields when it needs more bytes and is resumed when some have come, or none will. */
export type Parsing<T> = Generator<undefined, T, undefined>

/**
 * How many chunks or segments an image may have, so that a file of empty ones cannot keep a parser busy for seconds.
 * Real ones have some thousands at most: pixels in pieces of a few KiB.
 */
export const MAX_PARTS = 65_536

export const tooManyParts = () => damaged(`it consists of more than ${MAX_PARTS} parts`)

/**
 * The bytes that have arrived and are not read yet, so that a parser of a stream can be written in the order of the
 * format. It holds what was pushed last and what was peeked, nothing else. Whatever a method returns is a copy.
 */
export class ByteFeed {
  readonly #pieces: Uint8Array[] = []
  #ended = false

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#pieces.push(chunk)
  }

  end(): void {
    this.#ended = true
  }

  /** @throws ImageRejected `damaged` when the stream ends before `length` bytes, of which memory is taken at once. */
  *exactly(length: number): Parsing<Buffer> {
    const bytes = yield* this.#upTo(length)
    if (bytes.length < length) throw endsTooEarly()
    return bytes
  }

  /** The next `length` bytes, or fewer if the stream ends before, which stay to be read. */
  *peek(length: number): Parsing<Buffer> {
    const bytes = yield* this.#upTo(length)
    if (bytes.length > 0) this.#pieces.unshift(bytes)
    return bytes
  }

  /**
   * Passes over `length` bytes, however many, and shows them in pieces to `visit`.
   *
   * @throws ImageRejected `damaged` when the stream ends before.
   */
  *skip(length: number, visit?: (piece: Uint8Array) => void): Parsing<void> {
    for (let left = length; left > 0;) {
      const piece = yield* this.#piece(left)
      if (piece === undefined) throw endsTooEarly()
      visit?.(piece)
      left -= piece.length
    }
  }

  /**
   * Passes over bytes up to and including the first of which `found` says so, and returns that one. `previous` is the
   * byte before it, 0 for the first.
   *
   * @throws ImageRejected `damaged` when the stream ends before.
   */
  *find(found: (byte: number, previous: number) => boolean): Parsing<number> {
    let previous = 0
    for (;;) {
      const piece = yield* this.#piece(Infinity)
      if (piece === undefined) throw endsTooEarly()
      for (let index = 0; index < piece.length; index++) {
        const byte = piece[index] as number
        if (found(byte, previous)) {
          this.#unread(piece.subarray(index + 1))
          return byte
        }
        previous = byte
      }
    }
  }

  *#upTo(length: number): Parsing<Buffer> {
    const bytes = Buffer.alloc(length)
    let filled = 0
    while (filled < length) {
      const piece = yield* this.#piece(length - filled)
      if (piece === undefined) break
      bytes.set(piece, filled)
      filled += piece.length
    }
    return bytes.subarray(0, filled)
  }

  *#piece(maxLength: number): Parsing<Uint8Array | undefined> {
    for (;;) {
      const piece = this.#pieces.shift()
      if (piece !== undefined) {
        if (piece.length > maxLength) this.#unread(piece.subarray(maxLength))
        return piece.subarray(0, maxLength)
      }
      if (this.#ended) return undefined
      yield
    }
  }

  #unread(rest: Uint8Array): void {
    if (rest.length > 0) this.#pieces.unshift(rest)
  }
}

const endsTooEarly = () => damaged('it ends too early')
