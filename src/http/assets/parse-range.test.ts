import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRange } from './parse-range.ts'

const SIZE = 100

describe('a range', () => {
  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-99', 0, 99],
    ['bytes=0-', 0, 99],
    ['bytes=10-19', 10, 19],
    ['bytes=99-', 99, 99],
    ['bytes=-1', 99, 99],
    ['bytes=-100', 0, 99],
    // Beyond the end counts as the end.
    ['bytes=50-1000', 50, 99],
    ['bytes=-1000', 0, 99],
    [`bytes=0-${'9'.repeat(400)}`, 0, 99],
    ['bytes=010-019', 10, 19],
    ['bytes= 10-19 ', 10, 19],
    // Units are compared without regard to case.
    ['Bytes=10-19', 10, 19]
  ])('%j is %i to %i', (header, start, end) => {
    expect(parseRange(header, SIZE)).toEqual({ start, end })
  })

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])('%j is outside', (header) => {
    expect(parseRange(header, SIZE)).toBe('unsatisfiable')
  })

  it.each([
    ...[undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes 0-1', 'items=0-1', 'bytes=1', 'bytes=a-b', 'bytes=-1-'],
    ...['bytes=0-1,5-6', 'bytes=0-1,', 'bytes=19-10', 'bytes=1 0-1 9', 'by tes=0-1', 'bytes=+1-2', 'bytes=1.5-2'],
    ...['bytes=0x1-2', 'bytes=--1', 'bytes=٠-١']
  ])('%j is none', (header) => {
    expect(parseRange(header, SIZE)).toBeUndefined()
  })

  it('of nothing is always outside', () => {
    for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) expect(parseRange(header, 0)).toBe('unsatisfiable')
  })

  it('lies within the bytes and is what was asked for', () => {
    const number = fc.option(fc.nat(300), { nil: undefined })
    fc.assert(
      fc.property(number, number, fc.nat(200), (first, last, size) => {
        const range = parseRange(`bytes=${first ?? ''}-${last ?? ''}`, size)
        const bytes = Array.from({ length: size }, (_, index) => index)
        // The same rule said with lists.
        const wanted =
          first === undefined ? bytes.slice(Math.max(0, size - (last ?? 0))) : bytes.slice(first, (last ?? size) + 1)
        const isNone =
          (first === undefined && last === undefined) || (first !== undefined && last !== undefined && last < first)
        if (isNone) expect(range).toBeUndefined()
        else if (wanted.length === 0) expect(range).toBe('unsatisfiable')
        else expect(range).toEqual({ start: wanted[0], end: wanted.at(-1) })
      })
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `bytes=${text}`)
        ),
        fc.nat(),
        (header, size) => {
          const range = parseRange(header, size)
          if (range === undefined || range === 'unsatisfiable') return
          expect(range.start).toBeGreaterThanOrEqual(0)
          expect(range.start).toBeLessThanOrEqual(range.end)
          expect(range.end).toBeLessThan(size)
        }
      )
    )
  })
})
