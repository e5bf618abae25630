import { describe, expect, it } from 'vitest'
import { loraTag, refuseControlTag, takeEveryTag, takeTags } from './prompt-tags.ts'

describe('tags of a prompt', () => {
  it('are all taken out, and those that are allowed are told', () => {
    const { text, loras, warnings } = takeTags('a fox <lora:Detail:0.5>, snow <lora:secret:1> <hypernet:x:1>', [
      'detail'
    ])
    expect(text).toBe('a fox  , snow')
    expect(loras).toEqual([{ name: 'detail', weight: 0.5 }])
    expect(warnings).toEqual([
      "'<lora:secret:1>', '<hypernet:x:1>': left out of the prompt, because the provider does not allow it."
    ])
  })

  it.each(['a < b: c > d', '1 <3 foxes', 'a (fox:1.2)', '<lora:', '<lora:>', '<>', '< lora:x:1>', ' spaces stay '])(
    '%j holds none and stays as it is',
    (prompt) => expect(takeTags(prompt, [])).toEqual({ text: prompt, loras: [], warnings: [] })
  )

  it.each([
    '<lo<lora:x:1>ra:y:1>',
    '<lora:<lora:x:1>y:1>',
    '<lora:<lora:x:1>',
    '<l<l<l<lora:a:1>ora:b:1>ora:c:1>ora:d:1>',
    '<lora:x\n:1>',
    '<LORA:x:1>',
    '<lyco:x:1>',
    '<lora:x:1:2:lbw=0>',
    '<lоra:x:1>'
  ])('%j leaves none behind, and none can be made of what is left', (prompt) => {
    const { text, loras } = takeTags(prompt, [])
    expect(text).not.toMatch(/<[\p{L}\p{N}_]+:[^>]+>/u)
    expect(takeTags(text, []).text).toBe(text)
    expect(loras).toEqual([])
  })

  it.each(['../secret', '/etc/x', 'sub\\x', 'a/../../b', '..', 'x"y'])(
    '%s is no name, even where all may be used',
    (name) => {
      expect(takeTags(`a <lora:${name}:1>`, 'any').loras).toEqual([])
    }
  )

  it('have a weight within bounds', () => {
    const weights = (prompt: string) => takeTags(prompt, 'any').loras.map(({ weight }) => weight)
    expect(weights('<lora:a> <lora:b:> <lora:c:nan> <lora:d:-0.5> <lora:e:99> <lora:f:1e9> <lora:sub/g: .5 >')).toEqual(
      [1, 1, 1, -0.5, 10, 1, 0.5]
    )
    expect(loraTag({ name: 'a b', weight: 0.5 })).toBe('<lora:a b:0.5>')
  })

  it('are at most 20 LoRAs', () => {
    const prompt = (count: number) => Array.from({ length: count }, (_, index) => `<lora:l${index}>`).join('')
    expect(takeTags(prompt(20), 'any')).toMatchObject({ loras: { length: 20 }, warnings: [] })
    expect(takeTags(prompt(21), 'any')).toMatchObject({
      loras: { length: 20 },
      warnings: [expect.stringContaining('l20')]
    })
  })

  it('are found quickly in hostile text', () => {
    const began = performance.now()
    for (const part of ['<', '<a:', '<a:<', 'a:>', '<a:b>', '<<<a']) takeTags(part.repeat(32_000 / part.length), [])
    expect(performance.now() - began).toBeLessThan(1000)
  })

  it('that are settings of stable-diffusion.cpp are refused, in both prompts', () => {
    expect(() => refuseControlTag({ prompt: 'a <sd_cpp_extra_args>{}</sd_cpp_extra_args>' })).toThrow('prompt may not')
    expect(() => refuseControlTag({ prompt: 'a', negative_prompt: '<sd_cpp_extra_args>' })).toThrow(
      'negative_prompt may'
    )
    refuseControlTag({ prompt: 'sd_cpp', negative_prompt: 'extra_args' })
  })
})

describe('tags of a prompt where everything in angle brackets may be a command', () => {
  it('are all taken out, and LoRAs that are allowed are told', () => {
    const prompt = 'a fox <lora:Detail:0.5:0.2>, <wildcard:animals> <param[images]:100> <break> snow'
    const { text, loras, warnings } = takeEveryTag(prompt, ['detail'])
    expect(text).toBe('a fox  ,       snow')
    expect(loras).toEqual([{ name: 'detail', weight: 0.5 }])
    expect(warnings).toEqual([
      "'<wildcard:animals>', '<param[images]:100>', '<break>': left out of the prompt, because the provider does not allow it."
    ])
  })

  it.each([
    '<preset:owner> a',
    '<random[1-3]:a|<lora:x>> a',
    '<ran<b>dom:a|b>',
    '<<<random:a>>>',
    '< random:a>',
    '<random:a <b',
    '<3 <segment:face>',
    '<segment:face//cid=5>',
    '<lora[x]:y>',
    '<a[b>',
    '<param[steps>]:1>',
    `<param[${'x'.repeat(2000)}]:1>`,
    '<rand\u0000om:a>',
    'x <random:a,b'
  ])('%j leaves none behind', (prompt) => {
    const { text, loras } = takeEveryTag(prompt, [])
    expect(text).not.toMatch(/<[^]*>/)
    expect(text).not.toMatch(/<\s*\p{L}/u)
    expect(takeEveryTag(text, []).text).toBe(text)
    expect(loras).toEqual([])
  })

  it.each(['1 <3 foxes', 'a > b', 'a (fox:1.2) [b|c]', ' spaces stay ', ''])('%j holds none', (prompt) => {
    expect(takeEveryTag(prompt, 'any')).toEqual({ text: prompt, loras: [], warnings: [] })
  })

  it('that begin no command lose the sign alone', () => {
    expect(takeEveryTag('a <3 foxes -> snow, <!b>', [])).toEqual({
      text: 'a  3 foxes -> snow,  !b>',
      loras: [],
      warnings: []
    })
  })

  it('are found quickly in hostile text', () => {
    const began = performance.now()
    for (const part of ['<', '<a:', '<a[', '<a:<', 'a:>', '<a:b>', '<<<a', '<a[>']) {
      takeEveryTag(part.repeat(32_000 / part.length), [])
      takeEveryTag(part.repeat(16_000 / part.length) + '>'.repeat(16_000), [])
    }
    expect(performance.now() - began).toBeLessThan(1000)
  })
})
