import { describe, expect, it } from 'vitest'
import { readAddress } from './upstream-address.ts'

describe('the address of an image server', () => {
  it.each([
    ['http://host:1234', 'http://host:1234/v1/models'],
    ['http://host:1234/', 'http://host:1234/v1/models'],
    ['http://host:1234//', 'http://host:1234/v1/models'],
    ['http://host:1234/v1', 'http://host:1234/v1/models'],
    ['https://host/v1/', 'https://host/v1/models'],
    ['https://host/v1beta/openai', 'https://host/v1beta/openai/models'],
    ['https://host/api/paas/v4/', 'https://host/api/paas/v4/models'],
    [
      'https://x.example/openai/deployments/pics?api-version=2025-04-01-preview',
      'https://x.example/openai/deployments/pics/models?api-version=2025-04-01-preview'
    ],
    ['http://host?key=a%20b&c', 'http://host/v1/models?key=a%20b&c'],
    ['http://[::1]:8080', 'http://[::1]:8080/v1/models']
  ])('%s leads to %s', (address, url) => {
    expect(readAddress(address, '/v1').urlOf('/models')).toBe(url)
  })

  it.each([
    ['http://user:pass@host/v1', 'user:pass'],
    ['http://token@host', 'token:'],
    ['http://:secret@host', ':secret'],
    ['http://u%40x:p%3A%2Fä@host', 'u@x:p:/ä'],
    ['http://u:100%@host', 'u:100%']
  ])('%s signs in as %s, and says so nowhere else', (address, signedInAs) => {
    const { authorization, urlOf, origin } = readAddress(address, '/v1')
    expect(authorization).toBe(`Basic ${Buffer.from(signedInAs).toString('base64')}`)
    expect(urlOf('/models')).toBe('http://host/v1/models')
    expect(origin).toBe('http://host')
  })

  it('without a user signs in as nobody', () => {
    expect(readAddress('http://host', '/v1').authorization).toBeUndefined()
  })
})
