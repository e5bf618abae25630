import { describe, expect, it } from 'vitest'
import { IMAGE_KINDS, PARAMETERS } from '../../../../src/images/fields.ts'
import { fieldsOf } from '../../../../tests/support/field-values.ts'
import { buildCall, callOf, seedOf, sourcesOf } from './build-call.ts'
import { checkEntries } from './check-entries.ts'
import { EMPTY_FORM, formOf, readForm } from './playground-form.ts'
import { sampleImage, sampleRequest } from './sample-request.ts'

const parameters = {
  n: 2,
  size: '1344x768',
  seed: 0,
  steps: 30,
  negative_prompt: 'blur',
  guidance_scale: 7.5,
  output_format: 'webp',
  strength: 0.4,
  clip_skip: 2,
  nested: { a: [1] }
}

describe('formOf', () => {
  it('fills the form with what a request was made with', () => {
    expect(formOf(sampleRequest({ parameters }))).toEqual({
      ...EMPTY_FORM,
      model: 'demo',
      prompt: 'a fox',
      n: 2,
      size: '1344x768',
      seed: '0',
      steps: '30',
      negative_prompt: 'blur',
      guidance_scale: '7.5',
      output_format: 'webp',
      strength: '0.4',
      extra: JSON.stringify({ clip_skip: 2, nested: { a: [1] } }, null, 2)
    })
  })

  it('knows sizes of its own, others and none', () => {
    expect(formOf(sampleRequest({ parameters: { size: 'auto' } }))).toMatchObject({ size: 'auto' })
    expect(formOf(sampleRequest({ parameters: { size: '640x480' } }))).toMatchObject({
      size: 'custom',
      width: '640',
      height: '480'
    })
  })

  it.each(IMAGE_KINDS)('leads back to the same call: a %s with every field there is', (kind) => {
    const prompt = kind === 'variation' ? '' : 'a fox'
    const parameters = { n: 2, ...fieldsOf(kind, PARAMETERS), clip_skip: 2 }
    const inputs = kind === 'generation' ? [] : [sampleImage(1)]
    const made = sampleRequest({ kind, prompt, parameters, inputs })
    const entries = { form: formOf(made), sources: sourcesOf(made), features: undefined }
    expect(checkEntries(entries)).toEqual({})
    const call = buildCall(entries)
    expect(call).toMatchObject({ kind, fields: { model: 'demo', prompt, ...parameters } })
    expect(callOf(made)).toMatchObject({ kind, fields: call.fields })
  })
})

describe('callOf', () => {
  it('repeats a request with its images, and with another seed if wished', () => {
    const edit = sampleRequest({ kind: 'edit', parameters, inputs: [sampleImage(1)], mask: sampleImage(2) })
    const call = callOf(edit, 5)
    expect(call.fields).toEqual({ model: 'demo', prompt: 'a fox', ...parameters, seed: 5 })
    expect(call.sources).toMatchObject([{ origin: { assetId: 'ast_1' }, mask: { origin: { assetId: 'ast_2' } } }])
  })

  it('leaves out what is so anyway', () => {
    expect(callOf(sampleRequest({ parameters: { n: 1, size: 'auto' } })).fields).toEqual({
      model: 'demo',
      prompt: 'a fox'
    })
  })
})

describe('readForm', () => {
  it('takes what fits of a stored form', () => {
    expect(readForm(JSON.stringify({ prompt: 'a', n: '3', gone: 1, seed: 4 }))).toEqual({ ...EMPTY_FORM, prompt: 'a' })
    expect(readForm(null)).toEqual(EMPTY_FORM)
    expect(readForm('{')).toEqual(EMPTY_FORM)
    expect(readForm('null')).toEqual(EMPTY_FORM)
  })
})

describe('seedOf', () => {
  it('is what was asked for, else what was drawn, as an engine can be asked for it', () => {
    const image = (position: number, seed: number | null) => ({ ...sampleImage(position), seed })
    expect(seedOf({ parameters: { seed: 5 }, images: [image(0, 9)] })).toBe(5)
    expect(seedOf({ parameters: {}, images: [image(1, 8), image(2, 9)] })).toBe(7)
    expect(seedOf({ parameters: {}, images: [image(0, null), image(1, 0)] })).toBe(2 ** 32 - 1)
    expect(seedOf({ parameters: {}, images: [image(0, 2 ** 32)] })).toBeUndefined()
    expect(seedOf({ parameters: {}, images: [] })).toBeUndefined()
  })
})
