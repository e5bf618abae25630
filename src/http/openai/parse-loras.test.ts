import { describe, expect, it } from 'vitest'
import { parseLoras } from './parse-loras.ts'

const parse = (value: unknown) => parseLoras(value, 'loras', { maxItems: 8, maxChars: 200 })

describe('LoRAs', () => {
  it.each<[unknown, object[]]>([
    ['film', [{ name: 'film', weight: 1 }]],
    ['film:0.8', [{ name: 'film', weight: 0.8 }]],
    [
      ['film', 'sub/ink:-2'],
      [
        { name: 'film', weight: 1 },
        { name: 'sub/ink', weight: -2 }
      ]
    ],
    [
      [
        { name: 'film', strength: 0.5 },
        { name: 'a', scale: 2 }
      ],
      [
        { name: 'film', weight: 0.5 },
        { name: 'a', weight: 2 }
      ]
    ],
    ['[{"name":"film","weight":0.12345}]', [{ name: 'film', weight: 0.123 }]],
    [[], []],
    [[{ name: 'x'.repeat(200), weight: 10 }], [{ name: 'x'.repeat(200), weight: 10 }]],
    [[{ name: 'film', weight: null }], [{ name: 'film', weight: 1 }]]
  ])('of %j', (value, expected) => {
    expect(parse(value)).toEqual(expected)
  })

  it.each<[string, unknown]>([
    ['nine', Array<string>(9).fill('a')],
    ['a long name', ['x'.repeat(201)]],
    ['no name', [{ weight: 1 }]],
    ['a blank name', ['  ']],
    ['a weight beyond', [{ name: 'a', weight: 10.01 }]],
    ['a weight below', ['a:-11']],
    ['a weight that is text', [{ name: 'a', weight: '1' }]],
    ['no list', 7],
    ['broken JSON', '[{'],
    ['a name that does something', ['a\u001b[2J']]
  ])('are refused with %s', (_what, value) => {
    expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  it('are up to eight', () => {
    expect(parse(Array<string>(8).fill('a'))).toHaveLength(8)
  })
})
