import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../lib/errors.ts'
import { MAX_SIDE, MIN_SIDE } from './fields.ts'
import { checkPixels, fitWithin, formatSize, parsePixels, parseSize } from './sizes.ts'

const refusal = (text: string): AppError => {
  try {
    parseSize(text)
  } catch (error) {
    if (error instanceof AppError) return error
  }
  throw new Error(`'${text}' was taken`)
}

describe('parseSize', () => {
  it.each(['1024x768', ' 1024x768\n', '1024X768', '1024×768'])('takes %j', (text) => {
    expect(parseSize(text)).toEqual({ width: 1024, height: 768 })
  })

  it.each(['auto', ' auto ', 'AUTO'])('takes %j', (text) => {
    expect(parseSize(text)).toBe('auto')
  })

  it('reads back every size it can write', () => {
    const side = fc.integer({ min: MIN_SIDE, max: MAX_SIDE })
    fc.assert(
      fc.property(side, side, (width, height) => {
        expect(parseSize(formatSize({ width, height }))).toEqual({ width, height })
      })
    )
  })

  it.each([
    '',
    ' ',
    'x',
    '1024',
    '1024x',
    'x1024',
    '1024x1024x1024',
    '01024x1024',
    '1024x01024',
    '-1024x1024',
    '+1024x1024',
    '1024.0x1024',
    '1e3x1024',
    '0x400x1024',
    '1024 x 1024',
    '1024*1024',
    '1024,1024',
    '١٠٢٤x١٠٢٤',
    'large',
    '0x0'
  ])('refuses %j as no size, and says what one looks like', (text) => {
    const error = refusal(text)
    expect(error).toMatchObject({ code: 'invalid_size', status: 400, param: 'size' })
    expect(error.message).toContain("'1024x1024'")
  })

  it.each(['15x1024', '1024x15', '16385x1024', '1024x16385', '99999999999999999999x1024'])(
    'refuses %j as out of range',
    (text) => {
      expect(refusal(text)).toMatchObject({ code: 'invalid_size' })
      expect(refusal(text).message).toContain('16 to 16384')
    }
  )

  it.each(['16x16', '16384x16384', '16x16384'])('takes the outermost size %s', (text) => {
    expect(formatSize(parseSize(text) as { width: number; height: number })).toBe(text)
  })

  it('does not repeat a long text in full', () => {
    expect(refusal('9'.repeat(100_000)).message.length).toBeLessThan(200)
  })
})

describe('checkPixels', () => {
  it('refuses what is above the limit only', () => {
    expect(() => checkPixels({ width: 100, height: 100 }, 10_000)).not.toThrow()
    expect(() => checkPixels({ width: 100, height: 101 }, 10_000)).toThrow(
      expect.objectContaining({ code: 'invalid_size', message: expect.stringContaining("'100x101'") as string })
    )
  })
})

describe('fitWithin', () => {
  it.each([
    [4032, 3024, 4_000_000, 16, '2304x1728'],
    [3024, 4032, 4_000_000, 16, '1728x2304'],
    [1023, 767, 4_000_000, 16, '1024x768'],
    [1024, 768, 4_000_000, 16, '1024x768'],
    [2000, 2000, 4_000_000, 16, '2000x2000'],
    [2001, 2000, 4_000_000, 64, '1984x1984'],
    [1, 1, 4_000_000, 16, '16x16'],
    [1, 1, 4_000_000, 64, '64x64'],
    [17, 17, 4_000_000, 1, '17x17'],
    [300_000, 1, 4_000_000, 16, '250000x16'],
    [1, 300_000, 4_000_000, 16, '16x250000']
  ])('makes of %ix%i with at most %i pixels in multiples of %i %s', (width, height, maxPixels, multipleOf, fitted) => {
    expect(formatSize(fitWithin({ width, height }, { maxPixels, multipleOf }))).toBe(fitted)
  })

  it('keeps to its rules, whatever the picture', () => {
    for (let width = 16; width < 9000; width = Math.ceil(width * 1.3)) {
      for (let height = 16; height < 9000; height = Math.ceil(height * 1.3)) {
        const size = fitWithin({ width, height }, { maxPixels: 1_000_000, multipleOf: 32 })
        expect(size.width * size.height).toBeLessThanOrEqual(1_000_000)
        expect([size.width % 32, size.height % 32]).toEqual([0, 0])
      }
    }
  })
})

describe('parsePixels', () => {
  it.each([
    ['4MP', 4_000_000],
    ['1.5 mp', 1_500_000],
    ['4194304', 4_194_304],
    ['4194304px', 4_194_304],
    ['2048x2048', 4_194_304],
    ['4M', undefined],
    ['-4MP', undefined],
    ['', undefined],
    ['auto', undefined]
  ])('%j is %s', (text, pixels) => {
    expect(parsePixels(text)).toBe(pixels)
  })
})
