import { describe, expect, it } from 'vitest'
import type { KeyInfo } from '../../../../src/http/dashboard/contract/keys.ts'
import { describeKeyLimits, keyStatus } from './key-words.ts'

const NO_LIMITS = { imagesPerDay: null, imagesPerMonth: null, maxActive: null, maxPixels: null, models: null }
const KEY: KeyInfo = {
  id: 'key_1',
  name: 'laptop',
  prefix: 'ic_abc',
  scopes: ['generate'],
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  limits: NO_LIMITS,
  rateLimit: null,
  responseFormat: 'url',
  visibility: null,
  expiresIn: null
}

describe('keyStatus', () => {
  it('is active without an end', () => expect(keyStatus(KEY, 1000)).toBe('active'))
  it('ends at the very moment of its expiry', () => {
    expect(keyStatus({ ...KEY, expiresAt: 1001 }, 1000)).toBe('active')
    expect(keyStatus({ ...KEY, expiresAt: 1000 }, 1000)).toBe('expired')
  })
  it('says revoked of what is expired as well', () => {
    expect(keyStatus({ ...KEY, expiresAt: 10, revokedAt: 5 }, 1000)).toBe('revoked')
  })
})

describe('describeKeyLimits', () => {
  it('says nothing of no limits', () => expect(describeKeyLimits(KEY)).toEqual([]))
  it('names each', () => {
    const limits = { imagesPerDay: 100, imagesPerMonth: 900, maxActive: 4, maxPixels: 1_048_576, models: ['a', 'b'] }
    expect(describeKeyLimits({ limits, rateLimit: 60 })).toEqual([
      '100 a day',
      '900 a month',
      '4 at once',
      'up to 1024 × 1024',
      'only a, b',
      '60 calls a minute'
    ])
  })
  it('tells a rate of 0, which is none, from none of its own', () => {
    expect(describeKeyLimits({ limits: NO_LIMITS, rateLimit: 0 })).toEqual(['any number of calls'])
  })
})
