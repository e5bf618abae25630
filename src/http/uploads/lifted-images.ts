import { randomUUID } from 'node:crypto'
import { finished, type Readable } from 'node:stream'
import type { onSendAsyncHookHandler, preParsingHookHandler } from 'fastify'
import type { SavedBytes } from '../../assets/save-asset.ts'
import { AppError, errors } from '../../lib/errors.ts'
import type { HttpContext } from '../http-context.ts'
import { DataUrlLifter } from './data-url-lifter.ts'
import { saveUpload } from './save-upload.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of routes with the hook `liftImages` and a JSON body. */
    lifted?: LiftedImages
  }
}

/** The fields of a JSON body whose data URLs are images. */
const KEYS = new Set(['image', 'images', 'image_url', 'mask'])

/** Each has a file open. */
const SAVES_AT_ONCE = 4

/** Images that were taken out of a JSON body while it arrived. What nobody has claimed when it is answered goes. */
export class LiftedImages {
  readonly #context: Pick<HttpContext, 'assets' | 'config'>
  readonly #unclaimed = new Map<string, { bytes: Readable; saving: Promise<SavedBytes> }>()
  readonly #mostImages: number
  readonly #underWay = new Set<Promise<void>>()
  #lifted = 0
  #closed = false

  constructor(context: Pick<HttpContext, 'assets' | 'config'>, mostImages: number) {
    this.#context = context
    this.#mostImages = mostImages
  }

  /** When the next image may come: some are stored at a time. Undefined: at once. */
  whenRoom(): Promise<void> | undefined {
    return this.#underWay.size < SAVES_AT_ONCE ? undefined : Promise.race(this.#underWay)
  }

  /** Stores an image; returns the text that stands for it in the body. Throws `too_many_images`, storing nothing. */
  lift({ bytes }: { bytes: Readable }): string {
    if (++this.#lifted > this.#mostImages) throw errors.tooManyImages(this.#mostImages)
    const token = randomUUID()
    if (this.#closed) bytes.destroy()
    else {
      const saving = saveUpload(this.#context, bytes)
      // The failure is told to who claims the image.
      const settled: Promise<void> = saving
        .then(() => undefined)
        .catch(() => void bytes.destroy())
        .finally(() => this.#underWay.delete(settled))
      this.#underWay.add(settled)
      this.#unclaimed.set(token, { bytes, saving })
    }
    return token
  }

  /** Whether this text of the body stands for an image that is not claimed yet. */
  has(token: string): boolean {
    return this.#unclaimed.has(token)
  }

  /** The image is the claimer's from now on. Throws what `saveUpload` does. */
  async claim(token: string): Promise<SavedBytes> {
    const image = this.#unclaimed.get(token)
    if (!image) throw new Error('there is no such image')
    this.#unclaimed.delete(token)
    return image.saving
  }

  /** Throws `invalid_request` when the body held images where none are taken. */
  requireClaimed(): void {
    if (this.#unclaimed.size === 0) return
    throw errors.invalidRequest("The body has a data URL where no image is taken. Send it in 'images' or 'mask'.")
  }

  /** Takes back what is unclaimed, whether it has arrived or not, and stores no more. */
  async close(): Promise<void> {
    this.#closed = true
    const forgotten = [...this.#unclaimed.values()]
    this.#unclaimed.clear()
    for (const { bytes, saving } of forgotten) {
      bytes.destroy()
      const saved = await saving.catch(() => undefined)
      if (saved) await this.#context.assets.discard(saved)
    }
  }
}

/**
 * Hooks for routes whose JSON may hold images as data URLs: they are streamed into the store while the body arrives,
 * and the handler finds `request.lifted`. `mostImages` are those of a body, however small, `maxTextBytes` is for
 * everything else in it.
 */
export const liftImages = (
  context: Pick<HttpContext, 'assets' | 'config'>,
  { maxTextBytes, mostImages }: { maxTextBytes: number; mostImages: number }
): { preParsing: preParsingHookHandler; onSend: onSendAsyncHookHandler } => ({
  preParsing: (request, _reply, payload, done) => {
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return done(null, payload)
    const lifted = new LiftedImages(context, mostImages)
    request.lifted = lifted
    const lifter = new DataUrlLifter({
      keys: KEYS,
      maxTextBytes,
      lift: (image) => lifted.lift(image),
      whenRoom: () => lifted.whenRoom()
    })
    // Whoever parses the body listens too, but not any more when it has refused the body.
    lifter.on('error', () => undefined)
    finished(payload, { writable: false }, (error) => {
      if (!error) return
      lifter.destroy(
        error instanceof AppError ? error : errors.invalidRequest('The request ended before its body did.')
      )
    })
    done(null, payload.pipe(lifter))
  },
  onSend: async (request) => request.lifted?.close()
})
