import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closestName, didYouMean, editDistance } from './closest-name.ts'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['port', 'port', 0],
    ['prot', 'port', 1],
    ['concurency', 'concurrency', 1],
    ['kitten', 'sitting', 3]
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
  })

  it('is symmetric, and zero only for equal texts', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
      })
    )
  })
})

describe('closestName', () => {
  const names = ['name', 'type', 'api_key', 'served_as', 'concurrency', 'limits_lease']

  it.each([
    ['concurency', 'concurrency'],
    ['Concurrency', 'concurrency'],
    ['apiKey', 'api_key'],
    ['servedAs', 'served_as'],
    ['nmae', 'name'],
    ['typ', 'type'],
    ['lease', 'limits_lease'],
    ['key', 'api_key'],
    ['concur', 'concurrency'],
    ['co', undefined],
    ['seed', undefined],
    ['colour', undefined],
    ['', undefined]
  ])('of %j is %j', (name, closest) => {
    expect(closestName(name, names)).toBe(closest)
  })

  it('is the nearest of several', () => {
    expect(closestName('queue_totl', ['queue_total_', 'queue_total'])).toBe('queue_total')
  })
})

describe('didYouMean', () => {
  it('ends a sentence, or adds nothing', () => {
    expect(didYouMean('nam', ['name'])).toBe("; did you mean 'name'?")
    expect(didYouMean('colour', ['name'])).toBe('')
  })
})
