import { expect, it } from 'vitest'
import { sleep } from '../lib/async.ts'
import { watchEventLoopDelay } from './event-loop-delay.ts'

it('tells how late events were', async () => {
  const delay = watchEventLoopDelay()
  expect(delay.read()).toEqual({ meanMs: 0, p99Ms: 0 })
  await sleep(250)
  const until = performance.now() + 300
  while (performance.now() < until);
  await sleep(250)
  const { meanMs, p99Ms } = delay.read()
  expect(p99Ms).toBeGreaterThan(150)
  expect(meanMs).toBeLessThan(p99Ms)
  delay.close()
})
