import { describe, expect, it } from 'vitest'
import { remember } from './remember.ts'

function counted() {
  let now = 1000
  let loads = 0
  const waiting: { resolve: (value: number) => void; reject: (error: Error) => void }[] = []
  const load = () => {
    loads += 1
    return new Promise<number>((resolve, reject) => waiting.push({ resolve, reject }))
  }
  const ask = remember({ load, forMs: 100, now: () => now })
  const next = () => {
    const one = waiting.shift()
    if (!one) throw new Error('nothing is being loaded')
    return one
  }
  return { ask, next, loads: () => loads, setTime: (at: number) => void (now = at) }
}

describe('what is remembered', () => {
  it('is loaded once for all who ask together', async () => {
    const { ask, next, loads } = counted()
    const answers = [ask(), ask(), ask()]
    next().resolve(7)
    expect(await Promise.all(answers)).toEqual([7, 7, 7])
    expect(await ask()).toBe(7)
    expect(loads()).toBe(1)
  })

  it('is loaded anew when its time is over, counted from when it was there', async () => {
    const { ask, next, loads, setTime } = counted()
    const first = ask()
    setTime(1050)
    next().resolve(1)
    await first
    setTime(1149)
    expect(await ask()).toBe(1)
    setTime(1150)
    const second = ask()
    next().resolve(2)
    expect(await second).toBe(2)
    expect(loads()).toBe(2)
  })

  it('is loaded anew when the clock jumps back', async () => {
    const { ask, next, setTime } = counted()
    const first = ask()
    next().resolve(1)
    await first
    setTime(999)
    const second = ask()
    next().resolve(2)
    expect(await second).toBe(2)
  })

  it('is no failure: those who waited are told, the next one tries again', async () => {
    const { ask, next, loads } = counted()
    const answers = Promise.allSettled([ask(), ask()])
    next().reject(new Error('no'))
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const again = ask()
    next().resolve(3)
    expect(await again).toBe(3)
    expect(loads()).toBe(2)
  })
})
