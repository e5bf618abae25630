import { describe, expect, it } from 'vitest'
import { agreedOn, QUALITIES, settleReport, sumUsage, type TokenUsage, wordOf } from './image-report.ts'

const usage = (input: number, output: number, more: Partial<TokenUsage> = {}): TokenUsage => ({
  total_tokens: input + output,
  input_tokens: input,
  output_tokens: output,
  input_tokens_details: { text_tokens: input, image_tokens: 0 },
  ...more
})
const made = (image_tokens: number) => ({ output_tokens_details: { text_tokens: 1, image_tokens } })

describe('the sum of usage', () => {
  it('has every member', () => {
    expect(sumUsage([usage(1, 10, made(9)), usage(2, 20, made(19))])).toEqual({
      total_tokens: 33,
      input_tokens: 3,
      output_tokens: 30,
      input_tokens_details: { text_tokens: 3, image_tokens: 0 },
      output_tokens_details: { text_tokens: 2, image_tokens: 28 }
    })
  })

  it('of one is that one', () => {
    expect(sumUsage([usage(1, 10, made(9))])).toEqual(usage(1, 10, made(9)))
    expect(sumUsage([usage(0, 0)])).toEqual(usage(0, 0))
  })

  it('has output details when all have', () => {
    expect(sumUsage([usage(1, 10, made(9)), usage(2, 20)])).toEqual(usage(3, 30))
  })

  it('is none where one is unknown, and of none', () => {
    expect(sumUsage([usage(1, 10), undefined])).toBeUndefined()
    expect(sumUsage([undefined])).toBeUndefined()
    expect(sumUsage([])).toBeUndefined()
  })

  it('is none beyond what is counted exactly, in whichever member', () => {
    const most = Number.MAX_SAFE_INTEGER
    const zero = usage(0, 0, made(0))
    expect(sumUsage([usage(most, 0), zero])?.input_tokens).toBe(most)
    expect(sumUsage([usage(most, 0), usage(1, 0)])).toBeUndefined()
    expect(sumUsage([usage(0, 0, made(most)), zero])?.output_tokens_details?.image_tokens).toBe(most)
    expect(sumUsage([usage(0, 0, made(most)), usage(0, 0, made(1))])).toBeUndefined()
  })
})

describe('what all agree on', () => {
  it.each<[(string | undefined)[], string | undefined]>([
    [['high'], 'high'],
    [['high', 'high'], 'high'],
    [['high', 'low'], undefined],
    [['high', undefined], undefined],
    [[undefined, 'high'], undefined],
    [[undefined], undefined],
    [[], undefined]
  ])('of %j is %j', (values, agreed) => {
    expect(agreedOn(values)).toBe(agreed)
  })
})

describe('a report that an agent tells', () => {
  const opaque = { hasAlpha: false }
  const told = { revised_prompt: 'a', quality: 'high', background: 'opaque', usage: usage(1, 2) }

  it('is passed on', () => {
    expect(settleReport(told, opaque)).toEqual(told)
    expect(settleReport({}, opaque)).toEqual({})
  })

  it.each(['auto', 'ultra', '', 'toString'])('is not in the word %j', (word) => {
    expect(settleReport({ ...told, quality: word, background: word }, opaque)).toEqual({
      revised_prompt: 'a',
      usage: told.usage
    })
  })

  it('is no transparent background of an image without alpha, and no blank prompt', () => {
    const transparent = { background: 'transparent', revised_prompt: ' ' }
    expect(settleReport(transparent, { hasAlpha: true })).toEqual({ background: 'transparent' })
    expect(settleReport(transparent, opaque)).toEqual({})
  })
})

describe('a word', () => {
  it.each([
    ['high', 'high'],
    [' High\n', 'high'],
    [`high${' '.repeat(36)}`, 'high'],
    [`high${' '.repeat(37)}`, undefined],
    ['higher', undefined],
    ['auto', undefined],
    [7, undefined]
  ])('%j is %j', (text, word) => {
    expect(wordOf(QUALITIES, text)).toBe(word)
  })
})
