import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { gather } from './gather.ts'

const done = (items: readonly number[]) => items.map((value) => ({ status: 'fulfilled' as const, value: value * 10 }))

it('does together what is given in one turn of the event loop, so many at most', async () => {
  const rounds: (readonly number[])[] = []
  const work = gather(async (items: readonly number[]) => {
    rounds.push(items)
    return done(items)
  }, 2)
  expect(await Promise.all([1, 2, 3].map(work))).toEqual([10, 20, 30])
  const first = work(4)
  await nextTurn()
  expect([await first, await work(5)]).toEqual([40, 50])
  expect(rounds).toEqual([[1, 2], [3], [4], [5]])
})

it('tells each what became of it, and all of them why nothing did', async () => {
  const some = gather<number, number>(
    async (items) => [...done(items.slice(1)), { status: 'rejected', reason: 'no' }],
    9
  )
  expect(await Promise.allSettled([some(1), some(2)])).toEqual([...done([2]), { status: 'rejected', reason: 'no' }])
  const none = gather<number, number>(() => Promise.reject(new Error('full')), 9)
  const reason = new Error('full')
  expect(await Promise.allSettled([none(1), none(2)])).toEqual([
    { status: 'rejected', reason },
    { status: 'rejected', reason }
  ])
})
