import { beforeEach, describe, expect, it } from 'vitest'
import { SessionCaps } from './session-caps.ts'

const NOW = 1_000_000
const cap = (service: string, images = 3) => ({
  service,
  cap: 'imagesPerHour' as const,
  images,
  findEnd: () => Promise.resolve(NOW + 5000)
})
const told = (service: string, images = 3) => ({ service, cap: 'images_per_hour', images, for_ms: 5000 })

let caps: SessionCaps
beforeEach(() => {
  caps = new SessionCaps(() => NOW)
})

describe('what an agent is told of caps', () => {
  it('is told once on each connection, and when it changes, the number included', async () => {
    expect(await caps.findNews([], [])).toEqual({ type: 'provider.capped', reached: [] })
    expect(await caps.findNews([], [])).toBeUndefined()
    expect(await caps.findNews([cap('a')], [])).toEqual({ type: 'provider.capped', reached: [told('a')] })
    expect(await caps.findNews([cap('a')], [])).toBeUndefined()
    expect(await caps.findNews([cap('a', 2)], [])).toMatchObject({ reached: [told('a', 2)] })
  })

  it('leaves out those of services that are closed, and says which are', async () => {
    expect(await caps.findNews([cap('a'), cap('b')], ['a'])).toEqual({
      type: 'provider.capped',
      reached: [told('b')],
      closed: ['a']
    })
    expect(await caps.findNews([cap('a'), cap('b')], ['a'])).toBeUndefined()
    expect(await caps.findNews([cap('a'), cap('b')], [])).toMatchObject({ reached: [told('a'), told('b')] })
  })

  it('keeps those that were told while their service is closed: to an agent that does not know the word nothing ends', async () => {
    await caps.findNews([cap('a')], [])
    expect(await caps.findNews([], ['a'])).toEqual({ type: 'provider.capped', reached: [told('a')], closed: ['a'] })
    expect(await caps.findNews([cap('a')], ['a'])).toBeUndefined()
    expect(await caps.findNews([], [])).toEqual({ type: 'provider.capped', reached: [] })
  })
})
