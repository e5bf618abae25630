import { expect, it } from 'vitest'
import type { ModelInfo } from '../../../src/http/dashboard/contract/requests.ts'
import { formatUntil } from './format.ts'
import { tellHourly, tellLoad, warnHourly } from './model-load.ts'

const model = (change: Partial<ModelInfo> = {}): ModelInfo => ({
  id: 'm',
  owned_by: 'rig',
  supported_features: [],
  loras: [],
  providers: 1,
  queued: 2,
  ...change
})

it('tells how many machines and images there are, or why nothing is begun', () => {
  expect(tellLoad(model())).toBe('1 machine online, 2 images queued')
  expect(tellLoad(model({ providers: 0, queued: 0 }))).toBe('No image server up, nothing queued')
  const until = Math.ceil(Date.now() / 1000) + 1800
  expect(tellLoad(model({ waiting: { reason: 'capped', until } }))).toBe(
    `The owner's limit per hour is reached, goes on at ${formatUntil(until * 1000)} at the earliest, 2 images queued`
  )
  expect(tellLoad(model({ waiting: { reason: 'unusable' } }))).toMatch(
    /^The image server cannot be used, goes on when it can be/
  )
})

it('tells what the reader may have of it within an hour, and warns of more than that', () => {
  const next = Math.ceil(Date.now() / 1000) + 1800
  const capped = model({ hourly: { images: 3, left: 1, next, provider: 'mara-rig', shared: false } })
  expect(tellHourly(capped)).toBe('3 an hour from mara-rig; 1 left')
  expect(tellHourly(model({ providers: 2, hourly: { images: 8, left: 0, shared: false } }))).toBe(
    '8 an hour from 2 machines; none left'
  )
  expect(tellHourly(model())).toBeUndefined()
  expect([0, 1].map((n) => warnHourly(capped, n))).toEqual([undefined, undefined])
  expect(warnHourly(capped, 2)).toBe(
    `1 of 2 waits until ${formatUntil(next * 1000)}: you may have 3 an hour, and have 1 left.`
  )
  expect(warnHourly(capped, 5)).toMatch(/^4 of 5 wait until .* or longer: /)
  expect(warnHourly(model({ hourly: { images: 3, left: 3, shared: false } }), 4)).toMatch(/^1 of 4 waits for an hour: /)
  expect(warnHourly(model(), 5)).toBeUndefined()
  // Where it is for all of them, nobody is told that it is theirs.
  const shared = model({ hourly: { images: 12, left: 2, provider: 'gina-rig', shared: true } })
  expect(tellHourly(shared)).toBe('12 an hour from gina-rig for everybody together; 2 left')
  expect(warnHourly(shared, 4)).toMatch(/everybody together may have 12 an hour, and 2 are left\.$/)
})
