import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../lib/errors.ts'
import { checkPixels, formatSize, MAX_SIDE, MIN_SIDE, parseSize } from './sizes.ts'

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
