import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import { type EventLoopDelay, watchEventLoopDelay } from './event-loop-delay.ts'

let delay: EventLoopDelay
afterEach(() => delay.close())

const work = (ms: number) => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

let waits: MockInstance<typeof setTimeout>
beforeEach(() => void (waits = vi.spyOn(globalThis, 'setTimeout')))
afterEach(() => waits.mockRestore())
const looks = () => waits.mock.calls.filter(([what]) => what.name === 'look').map(([, ms]) => ms ?? 0)

it('tells how late events were, of which one that is late soon after the start is not most', async () => {
  delay = watchEventLoopDelay()
  expect(Object.values(delay.read())).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  work(400)
  await waitFor(() => delay.read().maxMs > 0)
  const { minMs, maxMs, meanMs, stddevMs, p99Ms, lastMs } = delay.read()
  for (const ms of [maxMs, lastMs]) expect(ms).toBeGreaterThan(250)
  for (const ms of [meanMs, stddevMs]) expect(ms).toBeGreaterThan(0)
  expect(meanMs).toBeLessThan(maxMs / 100)
  expect([minMs, p99Ms]).toEqual([0, 0])
})

it('looks once a second while there is nothing to do, and ten times a second again when there is', async () => {
  delay = watchEventLoopDelay()
  await waitFor(() => looks().length === 2)
  expect(looks()[0]).toBe(100)
  expect(looks()[1]).toBeGreaterThanOrEqual(500)
  work(2000)
  await waitFor(() => looks().length === 3)
  expect(looks()[2]).toBe(100)
  expect(delay.read().maxMs).toBeGreaterThan(400)
  // Of a second in which there was nothing to do until then.
  expect(delay.read().p50Ms).toBeLessThan(100)
})
