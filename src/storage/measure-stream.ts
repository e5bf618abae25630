import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { ObjectTooLarge, type StoredObject } from './object-store.ts'

/** Passes bytes through while counting and hashing them; fails with `ObjectTooLarge` at the first byte too many. */
export class MeasureStream extends Transform {
  #bytes = 0
  readonly #hash = createHash('sha256')
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    super()
    this.#maxBytes = maxBytes
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: Error | null, data?: Buffer) => void): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) return done(new ObjectTooLarge(this.#maxBytes))
    this.#hash.update(chunk)
    done(null, chunk)
  }

  /** How many have passed. */
  get bytes(): number {
    return this.#bytes
  }

  result(): StoredObject {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}
