import { inspectSource, scaleUpright } from '../../images/decode-image.ts'
import { type ImageFacts, orientedSize } from '../../images/image-facts.ts'
import type { ImageTask, Size } from '../../images/image-request.ts'
import { EngineError, type EngineRun } from '../engine.ts'
import { readInput } from '../read-input.ts'
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

interface Input {
  bytes: Buffer
  facts: ImageFacts
}

async function inputOf(name: string, run: EngineRun): Promise<Input> {
  const bytes = await readInput(name, run)
  return { bytes, facts: await inspect(name, bytes) }
}

/** Runs a decoder and says which input was not an image. */
async function decoding<T>(name: string, decode: () => Promise<T>): Promise<T> {
  try {
    return await decode()
  } catch (cause) {
    throw new EngineError('bad_request', `The input '${name}' could not be decoded as an image.`, { cause })
  }
}

const inspect = (name: string, bytes: Buffer): Promise<ImageFacts> =>
  decoding(name, () => inspectSource(bytes, Infinity))

/** Upright, cropped to the size, sRGB, 8 bits, with alpha only if the file has it. */
const decodePicture = (name: string, { bytes, facts }: Input, size: Size): Promise<Picture> =>
  decoding(name, async () => {
    const upright = await scaleUpright(bytes, facts, { ...size, fit: 'cover' })
    const { data, info } = await upright.raw().toBuffer({ resolveWithObject: true })
    return { pixels: data, channels: info.channels === 4 ? 4 : 3, ...size }
  })

/** One byte per pixel, 255 = change here. Linear scaling keeps 0 and 255 free of ringing. */
const decodeMask = ({ bytes, facts }: Input, size: Size): Promise<Uint8Array> =>
  decoding('mask', async () => {
    const upright = await scaleUpright(bytes, facts, { ...size, fit: 'cover', kernel: 'linear' })
    return upright.toColourspace('b-w').raw().toBuffer()
  })

const decodeReference = (name: string, { bytes, facts }: Input): Promise<Picture> =>
  decoding(name, async () => {
    const size = { width: REFERENCE_SIDE, height: REFERENCE_SIDE }
    const upright = await scaleUpright(bytes, facts, { ...size, fit: 'cover' })
    return { pixels: await upright.flatten({ background: '#fff' }).raw().toBuffer(), channels: 3, ...size }
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
  const first = await inputOf('image0', run)
  const size = task.size ?? orientedSize(first.facts)
  const source = await decodePicture('image0', first, size)
  const references: Picture[] = []
  for (const name of names.filter((other) => other !== 'image0' && other !== 'mask')) {
    references.push(await decodeReference(name, await inputOf(name, run)))
  }
  const mask = names.includes('mask') ? await decodeMask(await inputOf('mask', run), size) : undefined
  return { width: size.width, height: size.height, source, references, ...(mask && { mask }) }
}
