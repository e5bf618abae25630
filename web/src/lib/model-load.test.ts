import { expect, it } from 'vitest'
import type { ModelInfo } from '../../../src/http/dashboard/contract/requests.ts'
import { formatUntil } from './format.ts'
import { tellLoad } from './model-load.ts'

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
    `The owner's limit per hour is reached, goes on at ${formatUntil(until * 1000)}, 2 images queued`
  )
  expect(tellLoad(model({ waiting: { reason: 'unusable' } }))).toMatch(
    /^The image server cannot be used, goes on by itself/
  )
})
