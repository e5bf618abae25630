import { Transform } from 'node:stream'
import { StoreUnavailable } from './object-store.ts'

/**
 * Passes as many bytes through as there should be, and fails with `StoreUnavailable` when fewer or more come: whoever was
 * promised them learns of it instead of waiting for the rest.
 */
export class ExactStream extends Transform {
  #left: number

  constructor(bytes: number) {
    super()
    this.#left = bytes
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: Error | null, data?: Buffer) => void): void {
    this.#left -= chunk.length
    if (this.#left < 0) done(new StoreUnavailable('The object has more bytes than it should.'))
    else done(null, chunk)
  }

  override _flush(done: (error?: Error) => void): void {
    if (this.#left > 0) done(new StoreUnavailable(`The object ended ${this.#left} bytes too early.`))
    else done()
  }
}
