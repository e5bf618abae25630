import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addLimitChanges, changedLimits, type LimitChanges } from './limit-options.ts'

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
