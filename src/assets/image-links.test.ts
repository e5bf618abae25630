import { expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts'
import { createImageLinks } from './image-links.ts'

const IMAGE = { id: 'ast_1', visibility: 'SECRET' } as const

async function linksOf({ now = 0, lifetimeMs = DAY_MS, secret = 's' } = {}) {
  const links = createImageLinks({
    loadSecret: async () => secret,
    clock: { now: () => now },
    lifetimeMs: () => lifetimeMs
  })
  await links.load()
  return links
}

const parse = (query: string) => {
  const fields = new URLSearchParams(query)
  return { kind: 'signed' as const, expires: Number(fields.get('expires')), signature: fields.get('signature') ?? '' }
}

it('last as long as they should, and are the same for a while', async () => {
  for (const lifetimeMs of [MINUTE_MS, HOUR_MS, DAY_MS, 7 * DAY_MS]) {
    const expiries = new Set<number>()
    for (let now = 10 * DAY_MS; now < 10 * DAY_MS + lifetimeMs / 10; now += lifetimeMs / 1000) {
      const { expires } = parse((await linksOf({ now, lifetimeMs })).sign(IMAGE))
      expect(expires * 1000 - now).toBeGreaterThanOrEqual(lifetimeMs - 1000)
      expect(expires * 1000 - now).toBeLessThanOrEqual(lifetimeMs * 1.1)
      expiries.add(expires)
    }
    expect(expiries.size).toBeLessThanOrEqual(1 + Math.ceil(lifetimeMs / 10 / Math.min(HOUR_MS, lifetimeMs / 10)))
  }
})

it('count until the second they name, and under the secret they were made with', async () => {
  const link = parse((await linksOf()).sign(IMAGE))
  const at = async (now: number, secret = 's') => (await linksOf({ now, secret })).isSigned(IMAGE, link)
  expect(await at(link.expires * 1000 - 1)).toBe(true)
  expect(await at(link.expires * 1000)).toBe(false)
  expect(await at(0, 'other')).toBe(false)
})

it('are refused when they end later than any may, though we signed them', async () => {
  const link = parse((await linksOf({ now: 30 * DAY_MS, lifetimeMs: 7 * DAY_MS })).sign(IMAGE))
  expect((await linksOf({ now: 30 * DAY_MS })).isSigned(IMAGE, link)).toBe(true)
  expect((await linksOf({ now: 29 * DAY_MS - 1000 })).isSigned(IMAGE, link)).toBe(false)
})

it('cannot be made before the secret is known', () => {
  const links = createImageLinks({ loadSecret: async () => 's', clock: { now: () => 0 }, lifetimeMs: () => DAY_MS })
  expect(() => links.sign(IMAGE)).toThrow('secret')
})
