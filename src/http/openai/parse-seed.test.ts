import { describe, expect, it } from 'vitest'
import type { AppError } from '../../lib/errors.ts'
import { Fields } from './fields.ts'
import { parseSeed } from './parse-seed.ts'

function parse(seed: unknown): { seed: number | undefined; warnings: string[] } {
  const warnings: string[] = []
  return { seed: parseSeed(new Fields({ seed }), warnings), warnings }
}

describe('a seed', () => {
  it.each([
    [0, 0],
    ['7', 7],
    [' 7 ', 7],
    ['+7', 7],
    [7.0, 7],
    ['7.0', 7],
    [2 ** 32 - 1, 4_294_967_295],
    ['4294967295', 4_294_967_295]
  ])('of 32 bits is used as it is: %j', (sent, seed) => {
    expect(parse(sent)).toEqual({ seed, warnings: [] })
  })

  it.each([undefined, null, '', -1, '-1', ' -1 ', -1.0, '-1.0'])('is drawn for %j', (sent) => {
    expect(parse(sent)).toEqual({ seed: undefined, warnings: [] })
  })

  it.each<[string | number, number]>([
    [2 ** 32, 0],
    [2 ** 32 + 5, 5],
    ['4294967301', 5],
    [Number.MAX_SAFE_INTEGER, 4_294_967_295],
    ['18446744073709551615', 4_294_967_295],
    ['18446744073709551613', 4_294_967_293],
    [`${'9'.repeat(100)}`, Number(BigInt('9'.repeat(100)) % 2n ** 32n)]
  ])('of more bits is folded, and the one used is told: %j', (sent, seed) => {
    const parsed = parse(sent)
    expect(parsed.seed).toBe(seed)
    expect(parsed.warnings).toEqual([expect.stringContaining(`'seed' was ${sent};`)])
    expect(parsed.warnings[0]).toContain(`: ${seed}.`)
    expect(parsed.warnings[0]).not.toContain('rounded')
  })

  it.each([2 ** 53, 2 ** 64, 1e19, 1e300])('that JSON has rounded is folded as it came, which is told: %j', (sent) => {
    const { seed, warnings } = parse(sent)
    expect(seed).toBe(Number(BigInt(sent) % 2n ** 32n))
    expect(warnings[0]).toContain('send such a seed as text')
  })

  it.each([-2, '-2', -(2 ** 63), 0.5, '0.5', '1e-3', 'NaN', 'x', ' ', '0x', true, [7], {}, '1e400', '9'.repeat(101)])(
    'is refused by name: %j',
    (sent) => {
      expect(() => parse(sent)).toThrow(
        expect.objectContaining({ code: 'invalid_request', param: 'seed' } satisfies Partial<AppError>)
      )
    }
  )
})
