import { expect, it } from 'vitest'
import { createRateLimits } from './rate-limits.ts'

it('a limit is whole again within a minute of its first call', async () => {
  const limits = createRateLimits({ perMinute: () => 2, wrongKeysPerMinute: 1 })
  const call = () => limits.countCall({ keyId: 'key_one', userId: 'usr_one' })
  const standing = await call()
  expect(standing).toMatchObject({ limit: 2, remaining: 1, exceeded: false })
  expect(standing?.resetMs).toBeGreaterThan(58_000)
  expect(standing?.resetMs).toBeLessThanOrEqual(60_000)
  expect(await call()).toMatchObject({ remaining: 0, exceeded: false })
  expect(await call()).toMatchObject({ remaining: 0, exceeded: true })
})
