import { describe, expect, it } from 'vitest'
import { estimateSeconds, type MeasuredService, secondsLeft, wholeSeconds } from './estimate-seconds.ts'

const service = (
  slots: number,
  secondsPerImage: number,
  underWay: MeasuredService['underWay'] = []
): MeasuredService => ({ slots, secondsPerImage, underWay })

describe('estimateSeconds', () => {
  it.each<[MeasuredService[], number, number, number | undefined]>([
    // services, ahead, images → seconds
    [[service(1, 10)], 0, 1, 10],
    [[service(1, 10, [10])], 0, 1, 20],
    // What has passed of those before it is taken off.
    [[service(1, 10, [4])], 0, 1, 14],
    [[service(1, 10, [0.5])], 0, 1, 11],
    [[service(1, 10, [4])], 0, 3, 34],
    [[service(1, 10, [4])], 4, 1, 54],
    [[service(4, 10, [1, 2, 3, 4])], 0, 1, 11],
    [[service(4, 10, [1, 2, 3, 4])], 3, 1, 14],
    [[service(4, 10, [1, 2, 3, 4])], 4, 1, 21],
    [[service(4, 10, [1, 2, 3])], 0, 1, 10],
    [[service(1, 10), service(1, 10)], 1, 1, 10],
    // One that is three times as fast makes three while the other makes one.
    [[service(1, 10), service(1, 30)], 3, 1, 30],
    // Nobody knows when one is free whose image takes longer than usual; the others are there.
    [[service(1, 10, [undefined])], 0, 1, undefined],
    [[service(2, 10, [undefined, undefined])], 5, 1, undefined],
    [[service(2, 10, [undefined, 3])], 0, 2, 23],
    [[service(1, 10, [undefined]), service(1, 20)], 0, 1, 20],
    // It may make fewer at a time than it does.
    [[service(1, 10, [2, 7])], 0, 1, 17],
    [[service(1, 0.000001)], 0, 1, 1],
    [[service(1, 0)], 9, 9, 1],
    [[service(1, 1e9)], 1e9, 1, 2 ** 31],
    [[], 0, 1, undefined]
  ])('%j with %i ahead, %i images: %s s', (services, ahead, images, seconds) => {
    expect(estimateSeconds({ services, ahead, images })).toBe(seconds)
  })

  it('takes no longer for a service that makes many at a time, and counts none that makes nothing', () => {
    expect(estimateSeconds({ services: [service(2 ** 33, 10, [4])], ahead: 2 ** 33 - 1, images: 1 })).toBe(14)
    expect(estimateSeconds({ services: [service(0, 10, [4])], ahead: 0, images: 1 })).toBeUndefined()
  })

  it('never falls with more ahead, nor rises with one more service', () => {
    const of = (services: MeasuredService[], ahead: number) => estimateSeconds({ services, ahead, images: 2 }) ?? 0
    const [one, two] = [[service(2, 7, [3])], [service(2, 7, [3]), service(1, 7, [5])]]
    for (let ahead = 0; ahead < 50; ahead++) {
      expect(of(one, ahead + 1)).toBeGreaterThanOrEqual(of(one, ahead))
      expect(of(two, ahead)).toBeLessThanOrEqual(of(one, ahead))
    }
  })
})

describe('an image that is being made', () => {
  it.each<[progress: number, passedMs: number, left: number | undefined]>([
    [0, 0, 8],
    [0, 3000, 5],
    [0, 7999, 0.001],
    [0, 8000, undefined],
    [0, 60_000, undefined],
    // A clock that was set back.
    [0, -5000, 8],
    // After its last step.
    [100, 7000, 1],
    [100, 9000, undefined]
  ])('at %i %%, %i ms after its beginning', (progress, passed, left) => {
    const image = { progress, since: 1_000_000, firstStepAt: null }
    const told = secondsLeft(image, { seconds: 8, now: 1_000_000 + passed })
    if (left === undefined) expect(told).toBeUndefined()
    else expect(told).toBeCloseTo(left, 6)
  })

  it.each<[progress: number, passedMs: number, left: number | undefined]>([
    [25, 1000, 6],
    [99, 16_000, 0.08],
    // It does not come on: its server hangs, or has become slow.
    [99, 16_001, undefined],
    [1, 60_000, undefined]
  ])('at %i %%, %i ms after its first step', (progress, passed, left) => {
    const now = 1_000_000
    // Its model was loaded before.
    const told = secondsLeft({ progress, since: 0, firstStepAt: now - passed }, { seconds: 8, now })
    if (left === undefined) expect(told).toBeUndefined()
    else expect(told).toBeCloseTo(left, 6)
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
