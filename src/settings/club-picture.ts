import { createHash } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { ImageRejected } from '../images/image-rejected.ts'
import { makeSquare } from '../images/make-square.ts'
import { inBackground } from '../lib/async.ts'
import { errors } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import { deletePicture, findPicture, findPictureHash, writePicture } from './club-picture-store.ts'

/** Bytes, and pixels in all, that the file may have which is sent. */
export const MAX_PICTURE_BYTES = 5 * 1024 * 1024
export const MAX_PICTURE_PIXELS = 16_000_000
/** Pixels of a side of the picture that is kept and shown: enough for the largest icon that is asked for. */
export const PICTURE_SIDE = 256

/** The picture that a club shows of itself; without one it shows the product's own sign. */
export interface ClubPicture {
  /** Looks whether somebody changed it, in whichever process. */
  load(): Promise<void>
  /** SHA-256 of the png in hex, which changes when it does, as of the last look; undefined when there is none. */
  hash(): string | undefined
  /** The png, and its SHA-256; undefined when there is none. */
  find(): Promise<{ png: Buffer; sha256: string } | undefined>
  /** Keeps the middle of a png, jpeg or webp, encoded anew. Throws `invalid_image` with what is wrong with it. */
  change(original: Buffer, by: string): Promise<void>
  /** Has the product's own sign shown again. */
  reset(): Promise<void>
  close(): void
}

export function createClubPicture(parts: {
  database: Pick<Database, 'db' | 'clock' | 'bell'>
  logger: Logger
}): ClubPicture {
  const { db, clock, bell } = parts.database
  // Every page names it, and none is to wait for the database.
  let hash: string | undefined
  const load = async () => {
    hash = await findPictureHash(db)
  }
  const forget = bell.on('settings', () =>
    inBackground(load(), (error) => parts.logger.error({ err: error }, 'the picture of the club could not be read'))
  )
  const ring = async () => {
    await load()
    bell.ring('settings')
  }
  return {
    load,
    hash: () => hash,
    find: async () => {
      const found = await findPicture(db)
      return found && { png: Buffer.from(found.png, 'base64'), sha256: found.sha256 }
    },
    change: async (original, by) => {
      const png = await squareOf(original)
      const sha256 = createHash('sha256').update(png).digest('hex')
      await writePicture(db, { png: png.toString('base64'), sha256, by, now: clock.now() })
      await ring()
    },
    reset: async () => {
      await deletePicture(db)
      await ring()
    },
    close: forget
  }
}

async function squareOf(original: Buffer): Promise<Buffer> {
  try {
    return await makeSquare(original, { side: PICTURE_SIDE, maxPixels: MAX_PICTURE_PIXELS })
  } catch (error) {
    if (error instanceof ImageRejected) throw errors.invalidImage(error.message, 'picture')
    throw error
  }
}
