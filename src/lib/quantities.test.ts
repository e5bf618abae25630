import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatBytes, formatDuration, parseBytes, parseDurationMs } from './quantities.ts'

/** Whole multiples of every unit are likelier here than among all numbers. */
const wholes = (units: number[]) =>
  fc.oneof(
    fc.maxSafeNat(),
    fc.tuple(fc.nat(100_000), fc.constantFrom(...units)).map(([count, unit]) => count * unit)
  )

describe('durations', () => {
  it.each([
    ['240s', 240_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['30d', 2_592_000_000],
    ['500ms', 500],
    ['0s', 0],
    [' 90 s ', 90_000]
  ])('%j is %i ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms)
  })

  it.each(['', '240', 's', '-5s', '5 minutes', '5S', '1e3s', '5s 3ms', '.5s', 'NaNs', '٣s'])('%j is none', (text) => {
    expect(parseDurationMs(text)).toBeUndefined()
  })

  it.each([
    [240_000, '240s'],
    [280_000, '280s'],
    [60_000, '60s'],
    [300_000, '5m'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
    [1500, '1500ms'],
    [0, '0s']
  ])('%i ms is written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('survive being written and read', () => {
    fc.assert(
      fc.property(wholes([1, 1000, 60_000, 3_600_000, 86_400_000]), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).toBe(ms)
      })
    )
  })
})

describe('sizes', () => {
  it.each([
    ['26214400', 26_214_400],
    ['25MiB', 26_214_400],
    ['25 MB', 25_000_000],
    ['1.5KiB', 1536],
    ['2gib', 2_147_483_648],
    ['7B', 7]
  ])('%j is %i bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes)
  })

  it.each(['', 'MiB', '-1', '5M', '5 TiB', '1e3', '0x10', '1,5MB'])('%j is none', (text) => {
    expect(parseBytes(text)).toBeUndefined()
  })

  it.each([
    [26_214_400, '25MiB'],
    [25_000_000, '25000000'],
    [1024, '1KiB'],
    [2 ** 30, '1GiB'],
    [0, '0']
  ])('%i bytes are written %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it('survive being written and read', () => {
    fc.assert(
      fc.property(wholes([1, 1024, 1024 ** 2, 1024 ** 3]), (bytes) => {
        expect(parseBytes(formatBytes(bytes))).toBe(bytes)
      })
    )
  })
})
