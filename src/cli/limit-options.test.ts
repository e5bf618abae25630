import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addLimitChanges, changedLimits, describeLimits, type LimitChanges, limitsSentence } from './limit-options.ts'

const parse = (...given: string[]): LimitChanges => {
  const command = addLimitChanges(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  return command.parse(given, { from: 'user' }).opts<LimitChanges>()
}
const present = { imagesPerDay: 100, maxActive: 5, models: ['demo', 'sdxl'] }
const change = (...given: string[]) => changedLimits(present, parse(...given))

describe('changing limits', () => {
  it('keeps what is not named', () => {
    expect(change()).toEqual(present)
    expect(change('--images-per-month', '5000')).toEqual({ ...present, imagesPerMonth: 5000 })
    expect(change('--images-per-day', '7', '--models', 'demo')).toEqual({
      ...present,
      imagesPerDay: 7,
      models: ['demo']
    })
  })

  it('lifts what is to be none, whether or not it was there', () => {
    expect(change('--images-per-day', 'none', '--models', 'none')).toEqual({ maxActive: 5 })
    expect(change('--max-pixels', 'none')).toEqual(present)
  })

  it('takes no other words', () => {
    for (const word of ['unlimited', '-1', '1.5', '']) expect(() => parse('--max-active', word)).toThrow()
  })
})

describe('telling limits', () => {
  const tell = (limits: Parameters<typeof describeLimits>[0]) =>
    limitsSentence('gus@example.org', describeLimits(limits))

  it('is a sentence, with its units', () => {
    expect(
      tell({ imagesPerDay: 1, imagesPerMonth: 5000, maxActive: 2, maxPixels: 65536, models: ['demo', 'sdxl'] })
    ).toBe(
      'Limits of gus@example.org now: 1 image per UTC day; 5000 images per UTC month; 2 images waiting and running at once; 65536 pixels in one image; no other models than demo, sdxl.'
    )
    expect(tell({ models: [] })).toBe('Limits of gus@example.org now: no model at all.')
  })

  it('says that there is none', () => {
    expect(tell({})).toBe('gus@example.org has no limit now.')
  })
})
