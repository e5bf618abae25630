import { HOUR_MS } from './durations.ts'
import { describe, expect, it } from 'vitest'
import { createSteadyClock } from './clock.ts'

function arrange() {
  let wall = 1_800_000_000_000
  let monotonic = 5
  const clock = createSteadyClock({ wall: () => wall, monotonic: () => monotonic })
  const pass = (ms: number) => {
    wall += ms
    monotonic += ms
  }
  return { clock, pass, wall: () => wall, jump: (ms: number) => void (wall += ms) }
}

describe('a steady clock', () => {
  it("is the machine's while nobody sets that", () => {
    const { clock, pass, wall } = arrange()
    pass(HOUR_MS)
    expect([clock.now(), clock.lag()]).toEqual([wall(), 0])
  })

  it.each([2 * HOUR_MS, -2 * HOUR_MS, 160_000, 1001, -1001])('goes on evenly after a jump by %i ms', (ms) => {
    const { clock, pass, wall, jump } = arrange()
    const before = clock.now()
    jump(ms)
    expect([clock.now(), clock.lag()]).toEqual([before, ms])
    pass(7)
    expect([clock.now(), clock.lag()]).toEqual([before + 7, ms])
    clock.moveBy(clock.lag())
    expect([clock.now(), clock.lag()]).toEqual([wall(), 0])
  })

  it.each([1000, -1000])('takes over what is too little to matter (%i ms), time and again', (ms) => {
    const { clock, wall, jump } = arrange()
    for (let i = 0; i < 5; i += 1) {
      jump(ms)
      expect([clock.now(), clock.lag()]).toEqual([wall(), 0])
    }
  })

  it('forgets a jump that was taken back', () => {
    const { clock, wall, jump } = arrange()
    jump(HOUR_MS)
    jump(-HOUR_MS)
    expect([clock.now(), clock.lag()]).toEqual([wall(), 0])
  })
})
