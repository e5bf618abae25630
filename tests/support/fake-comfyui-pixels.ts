import { createHash } from 'node:crypto'
import sharp, { type Sharp } from 'sharp'
import type { FakeGraph } from './fake-comfyui-nodes.ts'
import { CHANGE_COLOUR, type Pixels } from './fake-openai-pictures.ts'

/** What flows between nodes: pictures and masks are pixels, everything else says what went into it. */
type Value = unknown

interface Mask {
  width: number
  height: number
  /** 255 = 1 = change. */
  data: Buffer
}
interface Latent {
  width: number
  height: number
  source?: Pixels
  mask?: Mask
  /** What a sampler made it of. */
  sampled?: { seed: number; denoise: number; words: string }
}

/** The outputs of a node. `open` finds an uploaded file. */
export async function runNode(
  { class_type: type, inputs }: FakeGraph[string],
  { valueOf, open }: { valueOf: (link: unknown) => Value; open: (name: string) => Buffer }
): Promise<Value[]> {
  const get = <T>(name: string) => (Array.isArray(inputs[name]) ? valueOf(inputs[name]) : inputs[name]) as T
  const words = () =>
    JSON.stringify(
      Object.keys(inputs).map((name) => [type, name, get<Value>(name)]),
      (_key, value: unknown) => (Buffer.isBuffer(value) ? 'bytes' : value)
    )
  switch (type) {
    case 'CheckpointLoaderSimple':
      return [words(), words(), words()]
    case 'LoraLoader':
      return [words(), words()]
    case 'EmptyLatentImage':
    case 'EmptySD3LatentImage':
      // The server makes eighths of it, whatever it is told.
      return [{ width: floor8(get('width')), height: floor8(get('height')) } satisfies Latent]
    case 'LoadImage': {
      const bytes = open(get('image'))
      return [await rgb(sharp(bytes)), await maskOf(bytes)]
    }
    case 'LoadImageMask':
      return [await channelOf(open(get('image')), get('channel'))]
    case 'ImageToMask': {
      const { width, height, data } = get<Pixels>('image')
      const band = ['red', 'green', 'blue'].indexOf(get('channel'))
      return [{ width, height, data: Buffer.from(data.filter((_, index) => index % 3 === band)) } satisfies Mask]
    }
    case 'ImageScale': {
      const fit = get('crop') === 'center' ? 'cover' : 'fill'
      const size = { width: get<number>('width'), height: get<number>('height') }
      return [await rgb(asSharp(get('image')).resize({ ...size, fit, kernel: 'nearest' }))]
    }
    case 'ImageStitch': {
      const [first, second] = [get<Pixels>('image1'), get<Pixels>('image2')]
      const right = await rgb(asSharp(second).resize({ width: first.width, height: first.height, fit: 'fill' }))
      const data = Buffer.from(first.data)
      for (let pixel = 0; pixel < first.width * first.height; pixel++) {
        if (pixel % first.width >= first.width / 2) right.data.copy(data, pixel * 3, pixel * 3, pixel * 3 + 3)
      }
      return [{ ...first, data }]
    }
    case 'VAEEncode':
      return [encodeLatent(get('pixels'))]
    case 'SetLatentNoiseMask':
      return [{ ...get<Latent>('samples'), mask: get<Mask>('mask') }]
    case 'InpaintModelConditioning':
      return [get('positive'), get('negative'), { ...encodeLatent(get('pixels')), mask: get<Mask>('mask') }]
    case 'KSampler': {
      const latent = get<Latent>('latent_image')
      const told = { positive: get<Value>('positive'), negative: get<Value>('negative'), model: get<Value>('model') }
      const settings = [get<Value>('steps'), get<Value>('cfg'), get<Value>('sampler_name'), get<Value>('scheduler')]
      const sampled = {
        seed: get<number>('seed'),
        denoise: get<number>('denoise'),
        words: JSON.stringify([told, settings])
      }
      return [{ ...latent, sampled } satisfies Latent]
    }
    case 'VAEDecode':
      return [decodeLatent(get('samples'))]
    case 'ImageCompositeMasked':
      return [composite(get('destination'), get('source'), get<Mask | undefined>('mask'))]
    default:
      return [words()]
  }
}

export const encodePng = (pixels: Pixels): Promise<Buffer> => asSharp(pixels).png().toBuffer()
export const encodePreview = (pixels: Pixels): Promise<Buffer> =>
  asSharp(pixels).resize({ width: 16 }).jpeg().toBuffer()

/** A picture on the way. */
export const sketch = (step: number): Pixels => ({ width: 16, height: 16, data: Buffer.alloc(16 * 16 * 3, step * 20) })

const floor8 = (side: number): number => Math.floor(side / 8) * 8

function encodeLatent(pixels: Pixels): Latent {
  // It cuts what is not a multiple of 8; the fake's tests ask for none such.
  return { width: floor8(pixels.width), height: floor8(pixels.height), source: pixels }
}

/**
 * A plain colour made of everything that was asked, shaded from left to right, with the seed in the last two pixels; of
 * an image the more of it the smaller `denoise`; with a mask `CHANGE_COLOUR` where it says, elsewhere the image, a
 * little changed as by any coding.
 */
function decodeLatent({ width, height, source, mask, sampled }: Latent): Pixels {
  const { seed = 0, denoise = 1, words = '' } = sampled ?? {}
  const colour = createHash('sha256').update(`${seed} ${words}`).digest()
  const data = Buffer.alloc(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const isHole = mask === undefined || mask.data[pixel]! >= 128
    for (let band = 0; band < 3; band++) {
      const at = pixel * 3 + band
      const made = mask ? CHANGE_COLOUR[band]! : (colour[band]! + (band === 2 ? pixel % width : 0)) & 255
      const before = source?.data[at] ?? made
      data[at] = isHole ? Math.round(before * (1 - denoise) + made * denoise) : Math.min(255, before + 2)
    }
  }
  if (!mask && data.length >= 4) data.writeUIntBE(seed, data.length - 4, 4)
  return { width, height, data }
}

function composite(destination: Pixels, source: Pixels, mask: Mask | undefined): Pixels {
  const data = Buffer.from(destination.data)
  for (let at = 0; at < data.length; at++) {
    const part = mask ? mask.data[Math.floor(at / 3)]! / 255 : 1
    data[at] = Math.round(data[at]! * (1 - part) + source.data[at]! * part)
  }
  return { ...destination, data }
}

async function rgb(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

const asSharp = ({ width, height, data }: Pixels) => sharp(data, { raw: { width, height, channels: 3 } })

/** 1 − alpha; of a file without alpha a small square of zeros, as ComfyUI has it. */
async function maskOf(bytes: Buffer): Promise<Mask> {
  const { hasAlpha } = await sharp(bytes).metadata()
  return hasAlpha ? channelOf(bytes, 'alpha') : { width: 64, height: 64, data: Buffer.alloc(64 * 64) }
}

async function channelOf(bytes: Buffer, channel: string): Promise<Mask> {
  const image = sharp(bytes).ensureAlpha().toColourspace('srgb')
  const band = image.extractChannel(channel as 'red')
  const { data, info } = await (channel === 'alpha' ? band.negate() : band)
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}
