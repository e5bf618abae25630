import { describe, expect, it } from 'vitest'
import { capEntryOf, readCap, readCapEntry } from './caps-form.ts'

describe('images that others may have within an hour', () => {
  it.each([
    ['', { count: null }],
    [' 1 ', { count: 1 }],
    ['1000000', { count: 1_000_000 }],
    ['1000001', { error: expect.stringContaining('At most') as string }],
    ['0', { error: 'At least 1: “Only me” lets others have nothing.' }],
    ['00', { error: 'At least 1: “Only me” lets others have nothing.' }],
    ['-1', { error: 'A whole number from 1, or nothing.' }],
    ['none', { error: 'A whole number from 1, or nothing.' }]
  ])('read of %j', (typed, read) => expect(readCap(typed)).toEqual(read))

  it.each([null, 'none', 1, 20] as const)('stay %j when nothing is changed', (cap) => {
    expect(readCapEntry(capEntryOf(cap))).toEqual({ cap })
  })
})
