import fc from 'fast-check'
import { expect, it } from 'vitest'
import { charge, type OwnTurns, standOf } from './turns.ts'

const begin = (): OwnTurns => ({ now: 0, until: new Map() })

it('whoever is served by who stands lowest has as much as anybody else, but for one image', () => {
  const costs = fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(fc.array(costs, { minLength: 2, maxLength: 5 }), (people) => {
      const turns = begin()
      const had = people.map(() => 0)
      for (let round = 0; round < 200; round += 1) {
        const next = people.map((_, who) => who).sort((a, b) => standOf(turns, `${a}`) - standOf(turns, `${b}`))[0]!
        const cost = people[next]![round % people[next]!.length]!
        charge(turns, { userId: `${next}`, cost, isEarly: false })
        had[next]! += cost
        expect(Math.max(...had) - Math.min(...had)).toBeLessThanOrEqual(6000)
      }
    })
  )
})

it('somebody who was away stands where those are who are next', () => {
  const turns = begin()
  for (let count = 0; count < 10; count += 1) charge(turns, { userId: 'ann', cost: 5, isEarly: false })
  expect(standOf(turns, 'bob')).toBe(45)
  expect(standOf(turns, 'ann')).toBe(50)
})

it('an image that goes before others leaves them their turn', () => {
  const turns = begin()
  for (let count = 0; count < 10; count += 1) charge(turns, { userId: 'ann', cost: 5, isEarly: true })
  expect(standOf(turns, 'bob')).toBe(0)
  expect(standOf(turns, 'ann')).toBe(50)
})

it('forgets whoever is behind, of very many people', () => {
  const turns = begin()
  for (let count = 0; count < 5000; count += 1) charge(turns, { userId: `${count}`, cost: 1, isEarly: false })
  charge(turns, { userId: '4999', cost: 1, isEarly: false })
  expect(turns.until.size).toBeLessThanOrEqual(5000)
  expect(standOf(turns, '0')).toBe(1)
  charge(turns, { userId: '4999', cost: 1, isEarly: false })
  expect(turns.until.size).toBe(1)
})
