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
 * format. It holds what was pushed last and what was peeked, nothing else. Whatever a method returns is a copy, but for `inHand`.
 */
export class ByteFeed {
  readonly #pieces: Uint8Array[] = []
  /** How much of the first piece is read: files of thousands of small parts would else be as many views of it. */
  #at = 0
  #ended = false

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#pieces.push(chunk)
  }

  end(): void {
    this.#ended = true
  }

  /**
   * Reads the next `length` bytes, one at least, where they lie, if all of them have come in one piece; else undefined, and nothing is read.
   * To be looked at before the parser asks for more: their memory may be used again then. To copy the head of each of
   * thousands of chunks, in a coroutine for each copy, takes as long as their checksums do.
   */
  inHand(length: number): Buffer | undefined {
    const piece = this.#pieces[0]
    const start = this.#at
    if (piece === undefined || piece.length - start < length) return undefined
    this.#advance(piece, length)
    return Buffer.from(piece.buffer, piece.byteOffset + start, length)
  }

  /** @throws ImageRejected `damaged` when the stream ends before `length` bytes, of which memory is taken at once. */
  *exactly(length: number): Parsing<Buffer> {
    const bytes = Buffer.allocUnsafe(length)
    const filled = yield* this.#fill(bytes)
    if (filled < length) throw endsTooEarly()
    return bytes
  }

  /** The next `length` bytes, or fewer if the stream ends before, which stay to be read. */
  *peek(length: number): Parsing<Buffer> {
    const bytes = Buffer.allocUnsafe(length)
    const peeked = bytes.subarray(0, yield* this.#fill(bytes))
    if (this.#at > 0 && this.#pieces[0]) this.#pieces[0] = this.#pieces[0].subarray(this.#at)
    this.#at = 0
    if (peeked.length > 0) this.#pieces.unshift(peeked)
    return Buffer.from(peeked)
  }

  /**
   * Passes over `length` bytes, however many, and shows them in pieces to `visit`.
   *
   * @throws ImageRejected `damaged` when the stream ends before.
   */
  *skip(length: number, visit?: (piece: Uint8Array) => void): Parsing<void> {
    for (let left = length; left > 0;) {
      const piece = this.#pieces[0]
      if (piece === undefined) {
        if (this.#ended) throw endsTooEarly()
        yield
        continue
      }
      const taken = Math.min(left, piece.length - this.#at)
      visit?.(piece.subarray(this.#at, this.#at + taken))
      left -= taken
      this.#advance(piece, taken)
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
      const piece = this.#pieces[0]
      if (piece === undefined) {
        if (this.#ended) throw endsTooEarly()
        yield
        continue
      }
      for (let index = this.#at; index < piece.length; index++) {
        const byte = piece[index] as number
        if (found(byte, previous)) {
          this.#advance(piece, index + 1 - this.#at)
          return byte
        }
        previous = byte
      }
      this.#advance(piece, piece.length - this.#at)
    }
  }

  /** Reads into `target` until it is full or the stream ends; returns how many bytes there were. */
  *#fill(target: Buffer): Parsing<number> {
    let filled = 0
    while (filled < target.length) {
      const piece = this.#pieces[0]
      if (piece === undefined) {
        if (this.#ended) break
        yield
        continue
      }
      const taken = Math.min(target.length - filled, piece.length - this.#at)
      target.set(piece.subarray(this.#at, this.#at + taken), filled)
      filled += taken
      this.#advance(piece, taken)
    }
    return filled
  }

  /** Passes over so many bytes of the first piece. */
  #advance(first: Uint8Array, bytes: number): void {
    this.#at += bytes
    if (this.#at < first.length) return
    this.#pieces.shift()
    this.#at = 0
  }
}

const endsTooEarly = () => damaged('it ends too early')
