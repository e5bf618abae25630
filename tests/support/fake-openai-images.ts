import sharp from 'sharp'
import type { Size } from '../../src/images/image-request.ts'
import { drawEdited, drawGenerated, type MaskReading } from './fake-openai-pictures.ts'
import type { Form } from './read-form.ts'

export type ImageRoute = 'generations' | 'edits' | 'variations'

/** What an image call asks for, whichever way it came. */
export interface ImageCall {
  route: ImageRoute
  /** By their names on the wire; of a form all values are text. */
  fields: Record<string, unknown>
  files: Form['files']
}

/** An error in OpenAI's words. */
export interface Refusal {
  status: number
  error: { message: string; type: string; param: string | null; code: string | null }
}

const OPENAI_FIELDS =
  'model prompt n size quality background output_format output_compression moderation stream partial_images user style'
const isOpenAIModel = (model: string): boolean => /^(.*\/)?(gpt-image|chatgpt-image|dall-e)/.test(model)

/** What OpenAI itself, or any server, says no to; undefined when the call is in order. */
export async function refuse(call: ImageCall): Promise<Refusal | undefined> {
  const model = textField(call, 'model')
  if (isOpenAIModel(model)) {
    const known = OPENAI_FIELDS.split(' ').concat(model.startsWith('dall-e') ? 'response_format' : 'input_fidelity')
    const unknown = Object.keys(call.fields).find((name) => !known.includes(name))
    if (unknown) return refusal(`Unknown parameter: '${unknown}'.`, { param: unknown, code: 'unknown_parameter' })
  }
  if (call.route !== 'variations' && !call.fields.prompt) return missing('prompt')
  if (call.route !== 'generations' && imagesOf(call).length === 0) return missing('image')
  if (!['', 'auto'].includes(textField(call, 'size')) && !sizeOf(call)) {
    return refusal(`Invalid value: '${textField(call, 'size')}'.`, { param: 'size', code: 'invalid_value' })
  }
  return refuseMask(call)
}

async function refuseMask(call: ImageCall): Promise<Refusal | undefined> {
  const mask = maskOf(call)
  if (!mask) return undefined
  const [{ width, height }, first] = await Promise.all([sharp(mask).metadata(), sharp(imagesOf(call)[0]).metadata()])
  if (width === first.width && height === first.height) return undefined
  return refusal('Invalid mask image size: it must be that of the image.', { param: 'mask', code: 'invalid_mask' })
}

/** The pictures that the call asks for, one per `n`. */
export async function draw(
  call: ImageCall,
  options: { size?: Size; format?: 'png' | 'jpeg'; maskReading: MaskReading; defaultSize: Size }
): Promise<Buffer[]> {
  const n = Number(call.fields.n ?? 1)
  // stable-diffusion.cpp's habit: the same seed each time unless one is given.
  const firstSeed = Number(call.fields.seed ?? 42)
  const images = imagesOf(call)
  const [first] = images
  const size = options.size ?? sizeOf(call) ?? (first ? await sizeOfImage(first) : options.defaultSize)
  const format = options.format ?? (call.fields.output_format === 'jpeg' ? 'jpeg' : 'png')
  const { maskReading } = options
  return Promise.all(
    Array.from({ length: n }, (_, index) => {
      const drawing = { size, format, seed: (firstSeed + index) % 2 ** 32 }
      if (!first) return drawGenerated({ ...drawing, prompt: textField(call, 'prompt') })
      return drawEdited({ ...drawing, images, mask: maskOf(call), maskReading })
    })
  )
}

export const textField = (call: ImageCall, name: string): string => String(call.fields[name] ?? '')

const imagesOf = (call: ImageCall): Buffer[] =>
  call.files.filter((file) => /^image(\[\d*\])?$/.test(file.field)).map((file) => file.bytes)

const maskOf = (call: ImageCall): Buffer | undefined => call.files.find((file) => file.field === 'mask')?.bytes

function sizeOf(call: ImageCall): Size | undefined {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(textField(call, 'size')) ?? []
  return width && height ? { width: Number(width), height: Number(height) } : undefined
}

async function sizeOfImage(image: Buffer): Promise<Size> {
  const { width, height } = await sharp(image).metadata()
  return { width, height }
}

const missing = (field: string): Refusal =>
  refusal(`Missing required parameter: '${field}'.`, { param: field, code: 'missing_required_parameter' })

const refusal = (message: string, more: { param: string; code: string }): Refusal => ({
  status: 400,
  error: { message, type: 'invalid_request_error', ...more }
})
