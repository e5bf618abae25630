import { buffer } from 'node:stream/consumers'
import { addAbortSignal } from 'node:stream'
import sharp from 'sharp'
import type { ImageTask, Size } from '../../images/image-request.ts'
import { EngineError, type EngineRun } from '../engine.ts'
import type { Picture } from './picture.ts'

/** The inputs of a task as the painter takes them: every picture at the size of the result. */
export interface PaintInputs extends Size {
  source?: Picture
  mask?: Uint8Array
  references: Picture[]
}

const DEFAULT_SIZE: Size = { width: 1024, height: 1024 }

/** Enough for a tile in a corner and for a mean colour. */
const REFERENCE_SIDE = 512

async function readBytes(name: string, run: EngineRun): Promise<Buffer> {
  return buffer(addAbortSignal(run.signal, await run.input(name)))
}

/** Runs a decoder and says which input was not an image. */
async function decoding<T>(name: string, decode: () => Promise<T>): Promise<T> {
  try {
    return await decode()
  } catch (cause) {
    throw new EngineError('bad_request', `The input '${name}' could not be decoded as an image.`, { cause })
  }
}

const orientedSize = (name: string, bytes: Buffer): Promise<Size> =>
  decoding(name, async () => {
    const { autoOrient } = await sharp(bytes).metadata()
    return { width: autoOrient.width, height: autoOrient.height }
  })

/** Upright, cropped to the size, sRGB, 8 bits, with alpha only if the file has it. */
const decodePicture = (name: string, bytes: Buffer, { width, height }: Size): Promise<Picture> =>
  decoding(name, async () => {
    const upright = sharp(bytes).autoOrient().resize(width, height, { fit: 'cover' }).toColourspace('srgb')
    const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true })
    return { pixels: data, channels: info.channels === 4 ? 4 : 3, width, height }
  })

/** One byte per pixel, 255 = change here. Linear scaling keeps 0 and 255 free of ringing. */
const decodeMask = (bytes: Buffer, { width, height }: Size): Promise<Uint8Array> =>
  decoding('mask', () =>
    sharp(bytes)
      .autoOrient()
      .resize(width, height, { fit: 'cover', kernel: 'linear' })
      .toColourspace('b-w')
      .raw()
      .toBuffer()
  )

const decodeReference = (name: string, bytes: Buffer): Promise<Picture> =>
  decoding(name, async () => {
    const [width, height] = [REFERENCE_SIDE, REFERENCE_SIDE]
    const upright = sharp(bytes).autoOrient().resize(width, height, { fit: 'cover' }).flatten({ background: '#fff' })
    const pixels = await upright.toColourspace('srgb').raw().toBuffer()
    return { pixels, channels: 3, width, height }
  })

/**
 * Reads and decodes what a task brings along. Throws `EngineError` `bad_request` for an input that is no image, and
 * for an edit or variation without `image0`.
 */
export async function readInputs(task: ImageTask, run: EngineRun): Promise<PaintInputs> {
  const names = task.inputs.map(({ name }) => name)
  if (!names.includes('image0')) {
    if (task.kind === 'generation') return { ...(task.size ?? DEFAULT_SIZE), references: [] }
    throw new EngineError('bad_request', `An image is needed for this ${task.kind}: the input 'image0' is missing.`)
  }
  const first = await readBytes('image0', run)
  const size = task.size ?? (await orientedSize('image0', first))
  const source = await decodePicture('image0', first, size)
  const references: Picture[] = []
  for (const name of names.filter((other) => other !== 'image0' && other !== 'mask')) {
    references.push(await decodeReference(name, await readBytes(name, run)))
  }
  const mask = names.includes('mask') ? await decodeMask(await readBytes('mask', run), size) : undefined
  return { width: size.width, height: size.height, source, references, ...(mask && { mask }) }
}
