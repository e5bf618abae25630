import { Readable } from 'node:stream'
import { EngineError } from '../engines/engine.ts'
import { ImageInspector, ImageRejected, type ImageFacts } from '../images/image-inspector.ts'
import type { TaskInput } from '../images/image-request.ts'
import { canonicalMask, encodeWhiteOnBlackPng, maskFromOwnAlpha } from '../images/mask.ts'
import { wholeOf } from '../lib/whole-of.ts'
import { normalizeForEngine } from '../images/transcode.ts'

/** The inputs of a task as engines take them. */
export interface PreparedInputs {
  /** Upright sizes; the mask, if there is one, is last. */
  inputs: TaskInput[]
  open(name: string): Promise<Readable>
  /** Lets go of their bytes: there are none to open any more. */
  forget(): void
  /** For the caller. */
  warnings: string[]
}

export interface InputSource {
  kind: 'generation' | 'edit' | 'variation'
  /** Without a mask: it is what is fully transparent in the first image. */
  alphaMask: boolean
  inputs: readonly TaskInput[]
  open(name: string): Promise<Readable>
  maxPixels: number
  /** Aborts when the task is not wanted any more: no further image is converted then. */
  signal: AbortSignal
}

/**
 * Fetches the source images and the mask of a task and brings them into the form every engine takes: images upright,
 * with 8 bits per channel and not CMYK (others pass unchanged), the mask canonical: an opaque grayscale png of the size
 * of image0, white = change here. An image's transparency is left in it and means nothing, unless `alphaMask` asks for a
 * mask of it. Throws `EngineError` `bad_request` for what cannot be decoded, and the reason of `signal`.
 */
export async function prepareInputs(source: InputSource): Promise<PreparedInputs> {
  const prepared = new Map<string, PreparedInput>()
  for (const { name } of source.inputs.filter((input) => input.name !== 'mask')) {
    prepared.set(name, await prepareImage(source, name))
  }
  const mask = await prepareMask(source, prepared.get('image0'))
  if (mask) prepared.set('mask', mask)
  const lacksAlphaMask = source.kind === 'edit' && source.alphaMask && !mask
  return {
    warnings: lacksAlphaMask ? ['No pixel of the first image is fully transparent: the whole image was edited.'] : [],
    inputs: [...prepared.values()].map(({ input }) => input),
    forget: () => prepared.clear(),
    open: async (name) => {
      const found = prepared.get(name)
      if (!found) throw new EngineError('bad_request', `There is no input '${name}'.`)
      return Readable.from([found.bytes])
    }
  }
}

interface PreparedInput {
  bytes: Buffer
  input: TaskInput
}

async function prepareImage({ open, maxPixels, signal }: InputSource, name: string): Promise<PreparedInput> {
  const bytes = await wholeOf(await open(name))
  signal.throwIfAborted()
  return decoding(name, async () => {
    const facts = inspect(bytes, maxPixels)
    if (!needsConversion(facts)) {
      const { mediaType, width, height } = facts
      return { bytes, input: { name, mediaType, width, height } }
    }
    const converted = await normalizeForEngine(bytes, maxPixels)
    const { mediaType, width, height } = converted
    return { bytes: converted.bytes, input: { name, mediaType, width, height } }
  })
}

function inspect(bytes: Buffer, maxPixels: number): ImageFacts {
  const inspector = new ImageInspector({ maxPixels })
  inspector.write(bytes)
  return inspector.end()
}

const needsConversion = ({ orientation, bitDepth, colour }: ImageFacts): boolean =>
  orientation !== 1 || bitDepth > 8 || colour === 'cmyk'

async function prepareMask(source: InputSource, first: PreparedInput | undefined): Promise<PreparedInput | undefined> {
  if (!first || source.kind !== 'edit') return undefined
  const isSent = source.inputs.some(({ name }) => name === 'mask')
  if (!isSent && !source.alphaMask) return undefined
  const sent = isSent ? await wholeOf(await source.open('mask')) : undefined
  source.signal.throwIfAborted()
  const mask = await decoding(sent ? 'mask' : 'image0', async () =>
    sent ? canonicalMask({ mask: sent, size: first.input }) : maskFromOwnAlpha(first.bytes, source.maxPixels)
  )
  if (!mask) return undefined
  source.signal.throwIfAborted()
  const { width, height } = mask
  return { bytes: await encodeWhiteOnBlackPng(mask), input: { name: 'mask', mediaType: 'image/png', width, height } }
}

async function decoding<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ImageRejected)) throw error
    throw new EngineError('bad_request', `The input '${name}' cannot be used. ${error.message}`, { cause: error })
  }
}
