import { describe, expect, it } from 'vitest'
import { estimateSeconds, type MeasuredService, wholeSeconds } from './estimate-seconds.ts'

const service = (slots: number, secondsPerImage: number): MeasuredService => ({ slots, secondsPerImage })

describe('estimateSeconds', () => {
  it.each<[MeasuredService[], number, number, number | undefined]>([
    // services, ahead, images → seconds
    [[service(1, 10)], 0, 1, 15],
    [[service(1, 5)], 0, 1, 8],
    [[service(1, 10)], 0, 3, 35],
    [[service(1, 10)], 4, 1, 55],
    [[service(4, 10)], 0, 1, 15],
    [[service(4, 10)], 3, 1, 15],
    [[service(4, 10)], 4, 1, 25],
    [[service(1, 10), service(1, 10)], 1, 1, 15],
    // One that is three times as fast makes three of four images: on average an image takes 15 s on two slots.
    [[service(1, 10), service(1, 30)], 1, 1, 23],
    [[service(1, 0.000001)], 0, 1, 1],
    [[service(1, 0)], 9, 9, 1],
    [[], 0, 1, undefined]
  ])('%j with %i ahead, %i images: %s s', (services, ahead, images, seconds) => {
    expect(estimateSeconds({ services, ahead, images })).toBe(seconds)
  })

  it('never falls with more ahead, nor rises with one more service', () => {
    const of = (services: MeasuredService[], ahead: number) => estimateSeconds({ services, ahead, images: 2 }) ?? 0
    const [one, two] = [[service(2, 7)], [service(2, 7), service(1, 7)]]
    for (let ahead = 0; ahead < 50; ahead++) {
      expect(of(one, ahead + 1)).toBeGreaterThanOrEqual(of(one, ahead))
      expect(of(two, ahead)).toBeLessThanOrEqual(of(one, ahead))
    }
  })
})

it.each([
  [0, 1],
  [0.2, 1],
  [1, 1],
  [1.01, 2]
])('%d s are told as %i', (seconds, told) => {
  expect(wholeSeconds(seconds)).toBe(told)
})
