import sharp from 'sharp'
import type { Size } from '../../src/images/image-request.ts'
import { drawEdited, drawGenerated } from './fake-openai-pictures.ts'

/** The fields of a call as stable-diffusion-webui has them, with its defaults. */
export interface SdapiCall {
  prompt: string
  negative_prompt: string
  seed: number
  steps: number
  cfg_scale: number
  width: number
  height: number
  enable_hr: boolean
  hr_scale: number
  hr_resize_x: number
  hr_resize_y: number
  init_images?: string[]
  mask?: string
  mask_blur: number
  inpainting_mask_invert: number
  inpainting_fill: number
  inpaint_full_res: boolean
  denoising_strength: number
  sampler_name: string | null
  scheduler: string | null
  override_settings: Record<string, unknown>
  override_settings_restore_afterwards: boolean
  save_images: boolean
  force_task_id: string | null
}

export const CALL_DEFAULTS = {
  prompt: '',
  negative_prompt: '',
  seed: -1,
  steps: 50,
  cfg_scale: 7,
  width: 512,
  height: 512,
  enable_hr: false,
  hr_scale: 2,
  hr_resize_x: 0,
  hr_resize_y: 0,
  mask_blur: 4,
  inpainting_mask_invert: 0,
  inpainting_fill: 0,
  inpaint_full_res: true,
  denoising_strength: 0.75,
  sampler_name: null,
  scheduler: null,
  override_settings: {},
  override_settings_restore_afterwards: true,
  save_images: false,
  force_task_id: null
} satisfies Omit<SdapiCall, 'init_images' | 'mask'>

/**
 * The picture of a call: its colours are made of model, prompts, LoRAs and numbers, its last two pixels of the seed. What a
 * mask changes is painted in `CHANGE_COLOUR`, and `mask_blur` pixels around it.
 */
export async function drawCall(
  call: SdapiCall,
  { model, step, format }: { model: string; step: number; format: 'png' | 'jpeg' }
): Promise<Buffer> {
  const size = sizeOf(call)
  const drawing = { size, seed: call.seed, format }
  const init = call.init_images?.[0]
  const words = [model, call.prompt, call.negative_prompt, call.steps, call.cfg_scale, call.sampler_name, step]
  if (init === undefined) return drawGenerated({ ...drawing, prompt: words.join(' ') })
  const images = [decode(init)]
  const mask = call.mask === undefined ? undefined : await readMask(call, size)
  return drawEdited({ ...drawing, images, mask, maskReading: 'white' })
}

function sizeOf({ width, height, enable_hr, hr_scale, hr_resize_x, hr_resize_y }: SdapiCall): Size {
  const first = { width: Math.floor(width / 8) * 8, height: Math.floor(height / 8) * 8 }
  if (!enable_hr) return first
  if (hr_resize_x > 0 && hr_resize_y > 0) return { width: hr_resize_x, height: hr_resize_y }
  return { width: first.width * hr_scale, height: first.height * hr_scale }
}

/** Opaque: white = change. With any transparency: what is opaque = change. */
async function readMask(call: SdapiCall, size: Size): Promise<Buffer> {
  const png = decode(call.mask ?? '')
  const image = sharp(png)
  const { isOpaque } = await image.stats()
  const read = isOpaque ? image.removeAlpha().toColourspace('b-w') : image.ensureAlpha().extractChannel('alpha')
  const upright = call.inpainting_mask_invert === 1 ? read.negate() : read
  const white = await upright
    .resize({ ...size, fit: 'fill' })
    .png()
    .toBuffer()
  if (call.mask_blur === 0) return white
  return sharp(white).blur(call.mask_blur).threshold(1).png().toBuffer()
}

export const decode = (text: string): Buffer => Buffer.from(text.replace(/^data:[^,]*,/, ''), 'base64')
