import { describe, expect, it } from 'vitest'
import type { AppError } from '../../lib/errors.ts'
import { parseThumbnail } from './parse-thumbnail.ts'

const paramOf = (query: Record<string, unknown>): string | null => {
  try {
    parseThumbnail(query)
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_request', status: 400 })
    return (error as AppError).param
  }
  throw new Error('it was taken')
}

describe('the query of an image', () => {
  it('asks for nothing when neither parameter is there', () => {
    expect(parseThumbnail({})).toEqual({})
    expect(parseThumbnail({ v: '7', height: '12' })).toEqual({})
  })

  it.each([
    ['16', 16],
    ['65', 65],
    ['2048', 2048]
  ])('takes the width %s', (width, number) => {
    expect(parseThumbnail({ width })).toEqual({ width: number })
  })

  it.each(['png', 'jpeg', 'webp'])('takes the format %s', (format) => {
    expect(parseThumbnail({ format })).toEqual({ format })
    expect(parseThumbnail({ format, width: '300' })).toEqual({ format, width: 300 })
  })

  it.each([
    ...['15', '2049', '0', '', ' ', '-64', '+64', '64.0', '64.5', '1e2', '0x40', '064', ' 64', '64px', 'NaN', '٦٤'],
    ...['Infinity', '9'.repeat(400), ['64', '64'], { a: '64' }, null, 64]
  ])('refuses the width %j by name', (width) => {
    expect(paramOf({ width, format: 'png' })).toBe('width')
  })

  it.each(['', 'jpg', 'PNG', 'gif', 'avif', 'image/png', 'png,webp', '__proto__', ['png', 'png'], { a: 'png' }, null])(
    'refuses the format %j by name',
    (format) => {
      expect(paramOf({ format, width: '64' })).toBe('format')
    }
  )
})
