import { expect, it } from 'vitest'
import { readSampler } from './sampler-names.ts'
import { familyOf } from './families.ts'

it.each([
  ['euler', { sampler: 'euler' }],
  [' Euler a ', { sampler: 'euler_ancestral' }],
  ['DPM++ 2M Karras', { sampler: 'dpmpp_2m', scheduler: 'karras' }],
  ['DPM++ 2M SDE', { sampler: 'dpmpp_2m_sde' }],
  ['dpmpp_sde', { sampler: 'dpmpp_sde' }],
  ['UniPC', { sampler: 'uni_pc' }],
  ['k_euler', { sampler: 'euler' }],
  ['karras', { sampler: 'karras' }]
])('the sampler %j is %j', (text, read) => {
  expect(readSampler(text)).toEqual(read)
})

it.each([
  ['v1-5-pruned-emaonly.safetensors', 'sd15'],
  ['sd15.safetensors', 'sd15'],
  ['old\\stable-diffusion-v1-4.ckpt', 'sd15'],
  ['juggernautXL_v1_5.safetensors', 'sdxl'],
  ['sd_xl_base_1.0.safetensors', 'sdxl'],
  ['somebodys-mix_v10.safetensors', 'sdxl'],
  ['flux1-dev-fp8.safetensors', 'flux'],
  ['flux/flux1-schnell.safetensors', 'flux-schnell'],
  ['sd3.5_large.safetensors', 'sd3'],
  ['qwen_image_fp8_e4m3fn.safetensors', 'qwen-image'],
  ['z_image_turbo_bf16.safetensors', 'z-image']
])('the file %s is of the family %s', (file, family) => {
  expect(familyOf(file).name).toBe(family)
})
