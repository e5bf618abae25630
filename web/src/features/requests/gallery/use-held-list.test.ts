import { expect, it } from 'vitest'
import { summary } from '../../../lib/request-samples.ts'
import { countNewer } from './use-held-list.ts'

it('counts what came after the newest request that is shown', () => {
  const requests = [40, 30, 20].map((createdAt) => summary({ createdAt }))
  expect(countNewer(requests, undefined)).toBe(0)
  expect(countNewer(requests, 30)).toBe(1)
  // It has been deleted meanwhile.
  expect(countNewer(requests, 35)).toBe(1)
  expect(countNewer(requests, 10)).toBe(3)
})
