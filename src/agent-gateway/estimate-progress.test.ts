import { expect, it } from 'vitest'
import { estimatePercent } from './estimate-progress.ts'

it.each([
  [0, 0],
  [-5000, 0],
  [2500, 25],
  [9499, 94],
  [9500, 95],
  [10_000, 95],
  [1e9, 95]
])('an image of ten seconds is after %d ms likely to be at %d percent', (elapsedMs, percent) => {
  expect(estimatePercent({ beganAt: 1000, expectedMs: 10_000 }, 1000 + elapsedMs)).toBe(percent)
})

it('nothing is told of what is done in a moment, or of which nothing is known', () => {
  expect(estimatePercent({ beganAt: 0, expectedMs: 2999 }, 1000)).toBeUndefined()
  expect(estimatePercent({ beganAt: 0, expectedMs: 3000 }, 1500)).toBe(50)
  expect(estimatePercent({ beganAt: 0, expectedMs: null }, 1000)).toBeUndefined()
})
