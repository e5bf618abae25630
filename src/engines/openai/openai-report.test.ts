import { describe, expect, it } from 'vitest'
import { parseImagesAnswer } from './openai-answer.ts'
import { readReport } from './openai-report.ts'

const DETAILS = { text_tokens: 15, image_tokens: 0 }
const USAGE = { total_tokens: 1071, input_tokens: 15, output_tokens: 1056, input_tokens_details: DETAILS }
const OUTPUT = { output_tokens_details: { text_tokens: 0, image_tokens: 1056 } }

const reportOf = (body: unknown) => parseImagesAnswer(JSON.stringify(body))?.report

describe('what an answer says of its image', () => {
  it('is what OpenAI says', () => {
    const answer = { created: 1, background: 'opaque', quality: 'high', size: '64x64', usage: { ...USAGE, ...OUTPUT } }
    const item = { b64_json: 'AAAA', revised_prompt: 'A red fox.' }
    expect(reportOf({ ...answer, data: [item] })).toEqual({
      revised_prompt: 'A red fox.',
      quality: 'high',
      background: 'opaque',
      usage: { ...USAGE, ...OUTPUT }
    })
  })

  it.each<[string, unknown]>([
    ['an item', { data: [{ b64_json: 'AAAA', revised_prompt: 'a', quality: 'low', usage: USAGE }], quality: 'high' }],
    ['the whole', { images: ['AAAA'], revisedPrompt: 'a', quality: 'LOW', usage: USAGE }],
    ['what the whole lies in', { result: { images: ['AAAA'], actual_prompt: 'a', usage: USAGE }, quality: ' low ' }],
    ['the image at the top', { b64_json: 'AAAA', revised_prompt: ' a\n', quality: 'low', usage: USAGE }]
  ])('may be said by %s', (_where, body) => {
    expect(reportOf(body)).toEqual({ revised_prompt: 'a', quality: 'low', usage: USAGE })
  })

  it('belongs to the image that is taken', () => {
    const data = [{ revised_prompt: 'none' }, { b64_json: 'AAAA', revised_prompt: 'one' }, { b64_json: 'BBBB' }]
    expect(reportOf({ data })).toEqual({ revised_prompt: 'one' })
    expect(reportOf({ data: [{ b64_json: 'AAAA' }, { b64_json: 'BBBB', revised_prompt: 'two' }] })).toEqual({})
  })

  it.each<[string, Record<string, unknown>]>([
    ['auto', { quality: 'auto', background: 'auto' }],
    ['null', { revised_prompt: null, quality: null, background: null, usage: null }],
    ['of other types', { revised_prompt: 7, quality: ['high'], background: { a: 1 }, usage: 'many' }],
    ['empty', { revised_prompt: '', quality: '', background: '', usage: {} }],
    ['nothing but blanks', { revised_prompt: ' \n\u200b ' }],
    ['unknown', { quality: 'superb', background: 'blurred' }],
    ['of prototypes', { quality: 'constructor', background: '__proto__' }]
  ])('is nothing when it is %s', (_what, said) => {
    expect(readReport([said])).toEqual({})
  })

  it('is clean', () => {
    expect(readReport([{ revised_prompt: 'a\x1b[2J\r\nred\u202e fox\ud800' }])).toEqual({
      revised_prompt: 'a red fox\ufffd'
    })
  })

  it('has a prompt as long as prompts may be', () => {
    for (const [sent, kept] of [
      [32_000, 32_000],
      [32_001, 32_000],
      [10_000_000, 32_000]
    ] as const) {
      expect(readReport([{ revised_prompt: 'x'.repeat(sent) }]).revised_prompt).toHaveLength(kept)
    }
  })
})

describe('usage', () => {
  const usageOf = (usage: unknown) => readReport([{ usage }]).usage

  it('has no members of which nobody knows what they are', () => {
    const more = { ...USAGE, cost: 1, input_tokens_details: { ...DETAILS, cached_tokens: 3 } }
    expect(usageOf(more)).toEqual(USAGE)
  })

  it('may be zero, as large as counts exactly, and without output details', () => {
    const zero = {
      total_tokens: 0,
      input_tokens: 0,
      output_tokens: 0,
      input_tokens_details: { ...DETAILS, text_tokens: 0 }
    }
    expect(usageOf(zero)).toEqual(zero)
    expect(usageOf({ ...USAGE, total_tokens: Number.MAX_SAFE_INTEGER })?.total_tokens).toBe(Number.MAX_SAFE_INTEGER)
    expect(usageOf({ ...USAGE, output_tokens_details: null })).toEqual(USAGE)
  })

  it.each<[string, unknown]>([
    ['a total', { ...USAGE, total_tokens: undefined }],
    ['input details', { ...USAGE, input_tokens_details: null }],
    ['a half of the input details', { ...USAGE, input_tokens_details: { text_tokens: 1 } }],
    ['a half of the output details', { ...USAGE, output_tokens_details: { image_tokens: 1 } }],
    ["OpenAI's words for images", { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }],
    ['whole numbers', { ...USAGE, input_tokens: 1.5 }],
    ['numbers', { ...USAGE, input_tokens: '15' }],
    ['numbers from 0 on', { ...USAGE, output_tokens: -1 }],
    ['numbers that are counted exactly', { ...USAGE, output_tokens: 2 ** 53 }],
    ['numbers from 0 on in its details', { ...USAGE, input_tokens_details: { ...DETAILS, text_tokens: -1 } }]
  ])('without %s is none', (_what, usage) => {
    expect(usageOf(usage)).toBeUndefined()
  })
})
