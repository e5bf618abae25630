import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { ObjectTooLarge, type StoredObject } from './object-store.ts'

/** Counts and hashes bytes. */
export class Measure {
  #bytes = 0
  readonly #hash = createHash('sha256')
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Throws `ObjectTooLarge` at the first byte too many. */
  take(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) throw new ObjectTooLarge(this.#maxBytes)
    this.#hash.update(chunk)
  }

  /** How many were taken. */
  get bytes(): number {
    return this.#bytes
  }

  result(): StoredObject {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}

/** Passes bytes through a `Measure`; fails with what it throws. */
export class MeasureStream extends Transform {
  readonly #measure: Measure

  constructor(maxBytes: number) {
    super()
    this.#measure = new Measure(maxBytes)
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: Error | null, data?: Buffer) => void): void {
    try {
      this.#measure.take(chunk)
    } catch (error) {
      return done(error as Error)
    }
    done(null, chunk)
  }

  /** How many have passed. */
  get bytes(): number {
    return this.#measure.bytes
  }

  result(): StoredObject {
    return this.#measure.result()
  }
}
