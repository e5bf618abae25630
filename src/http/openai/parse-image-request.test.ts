import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageKind } from '../../images/image-request.ts'
import { AppError } from '../../lib/errors.ts'
import { parseImageRequest } from './parse-image-request.ts'

const LIMITS = { maxExtraBytes: 65_536, maxImagesPerRequest: 4, maxPromptChars: 20, maxPixels: 1024 * 1024 }
const VALID = { model: 'demo', prompt: 'a fox' }

const parse = (values: Record<string, unknown>, kind: ImageKind = 'generation') =>
  parseImageRequest(values, { kind, limits: LIMITS })
const imageOf = (values: Record<string, unknown>) => parse({ ...VALID, ...values }).submission.image
const parametersOf = (values: Record<string, unknown>) => imageOf(values).parameters

function errorOf(values: Record<string, unknown>, kind: ImageKind = 'generation'): AppError {
  try {
    parse(values, kind)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  return expect.fail('it was accepted')
}

describe('the least that can be sent', () => {
  it('is a model and a prompt', () => {
    expect(parse(VALID)).toMatchObject({
      submission: {
        image: { kind: 'generation', model: 'demo', prompt: 'a fox', n: 1, parameters: { extra: {} }, warnings: [] },
        inputs: [],
        isAsync: false
      }
    })
    // What was not asked for is not there, rather than undefined.
    expect(Object.keys(parametersOf({}))).toEqual(['extra'])
    expect(Object.keys(parse(VALID))).toEqual(['submission'])
    expect(parse(VALID).submission).not.toHaveProperty('endUser')
  })

  it('needs no prompt for a variation', () => {
    expect(parse({ model: 'demo' }, 'variation').submission.image).toMatchObject({ kind: 'variation', prompt: '' })
    for (const kind of ['generation', 'edit'] as const) {
      expect(errorOf({ model: 'demo', prompt: ' ' }, kind)).toMatchObject({ code: 'missing_prompt', param: 'prompt' })
    }
  })

  it('needs a model always', () => {
    for (const kind of ['generation', 'edit', 'variation'] as const) {
      expect(errorOf({ prompt: 'a fox' }, kind)).toMatchObject({ code: 'missing_model', param: 'model' })
    }
  })
})

describe('the prompt', () => {
  it('is kept as it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: LIMITS.maxPromptChars, unit: 'grapheme' }), (prompt) => {
        fc.pre(prompt.trim() !== '' && [...prompt].length <= LIMITS.maxPromptChars)
        expect(imageOf({ prompt }).prompt).toBe(prompt)
      })
    )
  })

  it('is measured in code points', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }), (prompt) => {
        fc.pre(prompt.trim() !== '')
        if ([...prompt].length <= LIMITS.maxPromptChars) expect(imageOf({ prompt }).prompt).toBe(prompt)
        else expect(errorOf({ ...VALID, prompt })).toMatchObject({ code: 'request_too_large', param: 'prompt' })
      })
    )
  })
})

describe('n', () => {
  it('is clamped from above, with a warning, and refused from below', () => {
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (n, asText) => {
        const values = { ...VALID, n: asText ? String(n) : n }
        if (n < 1) {
          expect(errorOf(values)).toMatchObject({ code: 'invalid_request', param: 'n' })
          return
        }
        const image = imageOf(values)
        expect(image.n).toBe(Math.min(n, LIMITS.maxImagesPerRequest))
        expect(image.warnings).toHaveLength(n > LIMITS.maxImagesPerRequest ? 1 : 0)
      })
    )
  })
})

describe('the parameters', () => {
  it('hold the wish for a mask of transparency for edits; for others it is a warning', () => {
    const fields = { ...VALID, inference_club_alpha_mask: true }
    const imageFor = (kind: ImageKind) => parse(fields, kind).submission.image
    expect(imageFor('edit')).toMatchObject({ parameters: { inference_club_alpha_mask: true }, warnings: [] })
    for (const kind of ['generation', 'variation'] as const) {
      expect(imageFor(kind).parameters).not.toHaveProperty('inference_club_alpha_mask')
      expect(imageFor(kind).warnings).toEqual([expect.stringContaining("'inference_club_alpha_mask' applies to edits")])
    }
    expect(parametersOf({ inference_club_alpha_mask: false })).toEqual({ extra: {} })
    expect(errorOf({ ...VALID, inference_club_alpha_mask: 'maybe' })).toMatchObject({
      code: 'invalid_request',
      param: 'inference_club_alpha_mask'
    })
  })

  it('are read under the names of the wire, and keep them', () => {
    const sent = {
      seed: 7,
      negative_prompt: 'rain',
      steps: 20,
      guidance_scale: 4.5,
      sampler: 'euler',
      strength: 0.25,
      output_format: 'webp',
      output_compression: 80,
      quality: 'high',
      background: 'transparent',
      moderation: 'low',
      style: 'vivid'
    } as const
    const { image } = parse({ ...VALID, size: '512x768', ...sent }, 'edit').submission
    expect(image.parameters).toEqual({ size: { width: 512, height: 768 }, ...sent, extra: {} })
  })

  it('mean something in some kinds of calls only; in others it is a warning', () => {
    const imageFor = (kind: ImageKind, strength: unknown) => parse({ ...VALID, strength }, kind).submission.image
    for (const kind of ['edit', 'variation'] as const) {
      expect(imageFor(kind, 0.5)).toMatchObject({ parameters: { strength: 0.5 }, warnings: [] })
    }
    expect(imageFor('generation', '0.5').parameters).toEqual({ extra: {} })
    expect(imageFor('generation', 0.5).warnings).toEqual([
      "'strength' applies to edits and variations only; it was not used."
    ])
    expect(errorOf({ ...VALID, strength: 2 })).toMatchObject({ code: 'invalid_request', param: 'strength' })
  })

  it.each([
    ['jpg', 'jpeg'],
    ['JPEG', 'jpeg'],
    ['image/jpeg', 'jpeg'],
    ['.jpg', 'jpeg'],
    ['PNG', 'png'],
    ['image/webp', 'webp']
  ])('take %j for the format %s', (sent, output_format) => {
    expect(parametersOf({ output_format: sent })).toMatchObject({ output_format })
    expect(errorOf({ ...VALID, output_format: `${sent}2` })).toMatchObject({ param: 'output_format' })
  })

  it('mean the same as text', () => {
    const values = { n: 2, seed: 7, steps: 20, guidance_scale: 4.5, strength: 0.25, output_compression: 80 }
    const asText = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
    const format = { output_format: 'jpeg' }
    expect(parse({ ...VALID, ...asText, ...format, async: 'true' })).toEqual(
      parse({ ...VALID, ...values, ...format, async: true })
    )
  })

  it('take automatic for no size at all', () => {
    for (const size of ['auto', 'AUTO', '', null]) expect(parametersOf({ size })).not.toHaveProperty('size')
  })

  it('have as many pixels as the limit and no more', () => {
    expect(parametersOf({ size: '1024x1024' }).size).toEqual({ width: 1024, height: 1024 })
    expect(errorOf({ ...VALID, size: '1024x1025' })).toMatchObject({ code: 'invalid_size', param: 'size' })
    expect(errorOf({ ...VALID, size: 1024 })).toMatchObject({ code: 'invalid_size', param: 'size' })
  })

  it('warn of a compression that has no effect', () => {
    const compressed = (format?: string) => imageOf({ output_compression: 50, output_format: format }).warnings
    expect(compressed()).toHaveLength(1)
    expect(compressed('png')).toHaveLength(1)
    for (const format of ['jpeg', 'webp']) expect(compressed(format)).toEqual([])
    // OpenAI's own default, which some clients always send.
    expect(imageOf({ output_compression: 100 }).warnings).toEqual([])
  })
})

describe('what is not for the engine', () => {
  it('is read, and is no parameter', () => {
    const ours = { response_format: 'b64_json', async: true, user: 'eve', stream: false, visibility: 'UNLISTED' }
    const call = parse({ ...VALID, ...ours, partial_images: 0, inference_club_note: 'x' })
    expect(call.responseFormat).toBe('b64_json')
    expect(call.submission).toMatchObject({ isAsync: true, endUser: 'eve', visibility: 'UNLISTED' })
    expect(call.submission.image.parameters).toEqual({ extra: {} })
  })

  it('says nothing of who may see the images when the call does not', () => {
    expect(parse(VALID).submission).not.toHaveProperty('visibility')
  })
})

describe('fields of no meaning here', () => {
  /** Any name but those that mean something. */
  const names = fc.string({ minLength: 1, unit: 'grapheme-ascii' }).filter((name) => /^[^a-z]/.test(name))
  const values = fc.jsonValue({ maxDepth: 3 }).filter((value) => value !== null && value !== '')

  it('are kept as sent', () => {
    fc.assert(
      fc.property(fc.dictionary(names, values, { noNullPrototype: true }), (extra) => {
        expect(parametersOf(extra)).toEqual({ extra })
      })
    )
  })
})

describe('whatever comes', () => {
  const NAMES = ['model', 'prompt', 'n', 'size', 'response_format', 'async', 'seed', 'steps', 'user', 'background']
  const MORE = ['stream', 'visibility', 'webhook_url', 'output_format', 'quality', 'strength', '__proto__', 'other']
  const anything = fc.dictionary(fc.constantFrom(...NAMES, ...MORE), fc.jsonValue({ maxDepth: 2 }))

  it('is accepted or refused as the caller’s mistake', () => {
    fc.assert(
      fc.property(anything, fc.boolean(), (values, complete) => {
        try {
          const { image } = parse(complete ? { ...VALID, ...values } : values).submission
          expect(image.n).toBeGreaterThanOrEqual(1)
          expect(image.n).toBeLessThanOrEqual(LIMITS.maxImagesPerRequest)
          expect(image.prompt.trim()).not.toBe('')
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
          expect([400, 413]).toContain((error as AppError).status)
        }
      })
    )
  })
})

it('takes as many bytes of extra fields as the limit says, and names the largest of more', () => {
  // {"x":"…"} has eight bytes beside the text.
  expect(parametersOf({ x: 'a'.repeat(65_528) }).extra).toEqual({ x: 'a'.repeat(65_528) })
  const tooLarge = { code: 'request_too_large', status: 413, param: 'x' }
  expect(errorOf({ ...VALID, x: 'a'.repeat(65_529) })).toMatchObject(tooLarge)
  expect(errorOf({ ...VALID, small: 1, x: 'ä'.repeat(32_765), other: 'b' })).toMatchObject(tooLarge)
})
