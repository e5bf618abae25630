import { describe, expect, it } from 'vitest'
import type { Delivery } from './api.ts'
import { deliveryStory } from './delivery-words.ts'

const NOW = 1_000_000_000
const DELIVERY: Delivery = {
  id: 'whd_1',
  requestId: 'req_1',
  owner: { id: 'usr_1', name: 'Ada' },
  eventType: 'COMPLETED',
  host: 'example.org',
  state: 'pending',
  tries: 0,
  lastStatus: null,
  lastError: null,
  createdAt: NOW,
  nextTryAt: null,
  deliveredAt: null
}
const story = (part: Partial<Delivery>) => deliveryStory({ ...DELIVERY, ...part }, NOW)

describe('deliveryStory', () => {
  it('tells what comes first', () => expect(story({})).toBe('First try now'))
  it('tells why it failed', () => {
    expect(story({ state: 'failed', tries: 9, lastStatus: 500 })).toBe('Given up after 9 tries: status 500')
    expect(story({ state: 'failed', tries: 1, lastError: 'refused' })).toBe('Given up after 1 try: refused')
  })
  it('tells of the next try', () => {
    expect(story({ tries: 2, lastStatus: 503, nextTryAt: NOW - 1 })).toBe('2 tries, next one now: status 503')
  })
  it('tells that it arrived', () => {
    expect(story({ state: 'delivered', tries: 1, deliveredAt: NOW - 60_000 })).toMatch(/^Delivered .+ after 1 try$/)
    // By the clock of a server that is ahead of the reader's.
    expect(story({ state: 'delivered', tries: 1, deliveredAt: NOW + 11_000 })).toBe('Delivered now after 1 try')
  })
})
