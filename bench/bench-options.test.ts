import { describe, expect, it } from 'vitest'
import { parseBenchOptions, usageOf } from './bench-options.ts'

const parse = (...args: string[]) => parseBenchOptions(args, ['closed', 'open', 'idle'])

describe('the options of the bench', () => {
  it('are everything five times, unless they say otherwise', () => {
    expect(parse()).toEqual({ seconds: 2, runs: 5, scale: 1, only: [] })
    expect(
      parse('--seconds', '0.5', '--runs', '1', '--scale', '0.1', '--only', 'open,idle', '--only', 'closed')
    ).toEqual({
      seconds: 0.5,
      runs: 1,
      scale: 0.1,
      only: ['open', 'idle', 'closed']
    })
  })

  it('are none where help is asked for, which names every part', () => {
    expect(parse('--help')).toBeUndefined()
    expect(usageOf([{ name: 'closed', about: 'one after the other' }])).toMatch(/^ {2}closed +one after the other$/m)
  })

  it.each([
    ['--only', 'clsoed'],
    ['--seconds', '0'],
    ['--seconds', 'soon'],
    ['--runs', '1.5'],
    ['--runs', '0'],
    ['--scale', '2'],
    ['--scale', '0'],
    ['--fast', '1']
  ])('are refused as %s %s', (...args) => {
    expect(() => parse(...args)).toThrow()
  })
})
