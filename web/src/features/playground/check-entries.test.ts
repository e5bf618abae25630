import { describe, expect, it } from 'vitest'
import { buildCall, type Entries } from './build-call.ts'
import { checkEntries, fieldOf } from './check-entries.ts'
import { EMPTY_FORM, type PlaygroundForm } from './playground-form.ts'
import { fromAsset, maskFromAsset } from './sources/source-image.ts'

const EVERYTHING = ['generate', 'edit', 'mask', 'multi_image', 'variation', 'negative_prompt', 'seed']
const source = fromAsset({ id: 'ast_1', width: 8, height: 6 })

const entries = (form: Partial<PlaygroundForm>, part: Partial<Entries> = {}): Entries => ({
  form: { ...EMPTY_FORM, model: 'demo', prompt: 'a fox', ...form },
  sources: [],
  features: EVERYTHING,
  ...part
})

describe('checkEntries', () => {
  it('lets through what the server takes', () => {
    const typed = { seed: '4294967295', steps: '1', guidance_scale: '7.5', strength: '0', extra: '{"a": [1]}' }
    expect(checkEntries(entries({ ...typed, size: 'custom', width: '16', height: '16384' }))).toEqual({})
    expect(checkEntries(entries({ prompt: ' ' }, { sources: [source] }))).toEqual({})
  })

  it.each<[string, Partial<PlaygroundForm>, string]>([
    ['no prompt', { prompt: ' \n' }, 'prompt'],
    ['no model', { model: '' }, 'model'],
    ['half a size', { size: 'custom', width: '' }, 'size'],
    ['a side too small', { size: 'custom', height: '15' }, 'size'],
    ['a broken seed', { seed: '1.5' }, 'seed'],
    ['a seed too large', { seed: '4294967296' }, 'seed'],
    ['no steps', { steps: '0' }, 'steps'],
    ['words for a number', { guidance_scale: 'much' }, 'guidance_scale'],
    ['too much strength', { strength: '1.1' }, 'strength'],
    ['broken JSON', { extra: '{' }, 'extra'],
    ['JSON that is no object', { extra: '[1]' }, 'extra'],
    ['a field that has its own place', { extra: '{"prompt": "b"}' }, 'extra']
  ])('tells of %s', (_name, form, field) => {
    expect(Object.keys(checkEntries(entries(form)))).toEqual([field])
  })

  it('knows what the model can do with images', () => {
    const two = [source, source]
    const check = (features: string[] | undefined, part: Partial<Entries> = {}, prompt = 'a') =>
      Object.keys(checkEntries(entries({ prompt }, { features, sources: [source], ...part })))
    expect(check(['generate'])).toEqual(['images'])
    expect(check(['edit'], { sources: two })).toEqual(['images'])
    expect(check(['edit', 'multi_image'], { sources: two })).toEqual([])
    expect(check(['generate', 'variation'])).toEqual(['images'])
    expect(check(['generate', 'variation'], {}, '')).toEqual([])
    expect(check(undefined, { sources: two }, '')).toEqual(['prompt'])
  })
})

describe('buildCall', () => {
  it('leaves out what is empty', () => {
    expect(buildCall(entries({}))).toEqual({
      kind: 'generation',
      fields: { model: 'demo', prompt: 'a fox' },
      sources: []
    })
  })

  it('sends numbers as numbers, and further fields as they are', () => {
    const form = {
      n: 3,
      size: 'custom',
      width: '0640',
      height: '480',
      seed: '0',
      steps: '20',
      extra: '{"hires": true}'
    }
    expect(buildCall(entries(form)).fields).toEqual({
      model: 'demo',
      prompt: 'a fox',
      n: 3,
      size: '640x480',
      seed: 0,
      steps: 20,
      hires: true
    })
  })

  it('leaves out what the model does not understand', () => {
    const form = { seed: '1', negative_prompt: 'blur', strength: '0.5' }
    expect(buildCall(entries(form, { features: ['generate'] })).fields).toEqual({ model: 'demo', prompt: 'a fox' })
    const masked = { ...source, mask: maskFromAsset('ast_2') }
    expect(buildCall(entries(form, { features: ['edit'], sources: [masked] })).sources).toEqual([source])
  })

  it('chooses the endpoint', () => {
    const kind = (prompt: string, sources: Entries['sources']) => buildCall(entries({ prompt }, { sources })).kind
    expect(kind('a', [])).toBe('generation')
    expect(kind('a', [source])).toBe('edit')
    expect(kind('', [source])).toBe('variation')
  })
})

describe('fieldOf', () => {
  it('finds the place of an error', () => {
    expect(fieldOf('images[2]', '')).toBe('images')
    expect(fieldOf('image', '')).toBe('images')
    expect(fieldOf('mask', '')).toBe('images')
    expect(fieldOf('size', '')).toBe('size')
    expect(fieldOf('visibility', '{"visibility": "SECRET"}')).toBe('extra')
    expect(fieldOf('visibility', '')).toBeUndefined()
    expect(fieldOf(null, '{}')).toBeUndefined()
  })
})
