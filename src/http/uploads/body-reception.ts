import { finished, type Readable, type Writable } from 'node:stream'
import { AppError, errors } from '../../lib/errors.ts'

/**
 * One body on its way through its parser, with what is done to its parts as they arrive. Whatever fails first, the
 * sender included, ends all of it at once; the rest of the body is discarded.
 */
export class BodyReception {
  readonly #failure = Promise.withResolvers<never>()
  readonly #parts = new Map<Readable, Promise<void>>()

  /** Works on a part while the parser fills it. The part is destroyed when anything fails. */
  take(part: Readable, work: () => Promise<void>): void {
    // Its parser tells the same.
    part.on('error', () => undefined)
    this.#parts.set(
      part,
      work().catch((error: unknown) => this.fail(error))
    )
  }

  /** Ends everything with this error, unless something has failed before. */
  fail(error: unknown): void {
    this.#failure.reject(error)
  }

  /** To be called once. Rejects with the first failure, when nothing works on any part any more. */
  async run(body: Readable, parser: Writable): Promise<void> {
    const parsed = new Promise((resolve) => parser.once('finish', resolve))
    parser.on('error', (error) => this.fail(error))
    // Also calls when the sender was gone before.
    const stopWatching = finished(body, { writable: false }, (error) => {
      if (error)
        this.fail(error instanceof AppError ? error : errors.invalidRequest('The request ended before its body did.'))
    })
    body.pipe(parser)
    try {
      await Promise.race([parsed, this.#failure.promise])
      await Promise.race([this.#settled(), this.#failure.promise])
    } finally {
      stopWatching()
      body.unpipe(parser)
      body.resume()
      parser.destroy()
      for (const part of this.#parts.keys()) part.destroy()
      await this.#settled()
    }
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#parts.values())
  }
}
