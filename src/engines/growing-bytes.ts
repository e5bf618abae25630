import { releaseBytes } from '../lib/release-bytes.ts'

/** Room is made for so many times what is there at most, however much is expected: of many short ones each would cost the whole. */
const MOST_GROWTH = 64

/**
 * Bytes that come in pieces, kept in one buffer: with a good guess of how many there will be, few of them are copied again.
 */
export class GrowingBytes {
  readonly #expected: number
  #bytes = Buffer.alloc(0)
  #length = 0

  /** `expected`: how many there may be, made room for when a second piece comes; more may come. */
  constructor(expected = 0) {
    this.#expected = expected
  }

  get length(): number {
    return this.#length
  }

  append(piece: Uint8Array): void {
    this.write(piece.byteLength, (target, at) => {
      target.set(piece, at)
      return piece.byteLength
    })
  }

  /** The same of a piece that nobody else looks at: its memory is free afterwards. */
  absorb(piece: Uint8Array): void {
    this.append(piece)
    releaseBytes(piece)
  }

  /** Has `most` bytes or fewer be written where they belong; `fill` returns how many they were. */
  write(most: number, fill: (target: Buffer, at: number) => number): void {
    if (this.#length + most > this.#bytes.length) this.#grow(this.#length + most)
    this.#length += fill(this.#bytes, this.#length)
  }

  /** What has come, in memory of about its size. */
  taken(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length)
    return this.#length * 2 < this.#bytes.length ? Buffer.from(taken) : taken
  }

  #grow(least: number): void {
    const { length } = this.#bytes
    const bytes = Buffer.allocUnsafeSlow(Math.max(least, 2 * length, Math.min(this.#expected, MOST_GROWTH * length)))
    this.#bytes.copy(bytes, 0, 0, this.#length)
    // Nobody else has seen it.
    releaseBytes(this.#bytes)
    this.#bytes = bytes
  }
}
