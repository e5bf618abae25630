import { describe, expect, it } from 'vitest'
import { createHostCheck, knownHosts } from './allowed-hosts.ts'

const check = createHostCheck(
  knownHosts({
    publicUrl: 'https://club.example/our',
    host: 'box.example',
    allowedHosts: ['Other.example', '.wild.example']
  })
)
const by =
  (host: string, isProxied = false) =>
  () =>
    check({ origin: `http://${host}`, address: '127.0.0.1', isProxied, isThroughCdn: false })

describe('the names a server answers to', () => {
  it.each([
    'club.example',
    'club.example:8080',
    'CLUB.example',
    'club.example.',
    'box.example',
    'other.example',
    'a.b.wild.example',
    'localhost:8080',
    'x.localhost',
    '127.0.0.1:8080',
    '192.168.1.5:8080',
    '203.0.113.5',
    '[::1]:8080',
    '[fd00::1]',
    'nas:8080',
    'nas.local',
    'nas.lan',
    'gateway.internal'
  ])('are %s', (host) => expect(by(host)).not.toThrow())

  it.each([
    'evil.example',
    '192.168.1.5.nip.io',
    'sub.club.example',
    'wild.example',
    'localhost.evil.example',
    'xlocal.com'
  ])('are not %s', (host) => expect(by(host)).toThrow(/does not answer to/))

  it('are for a trusted proxy to say', () => expect(by('any.example', true)).not.toThrow())

  it('may be all', () =>
    expect(() =>
      createHostCheck(['*'])({ origin: 'http://any.example', address: '', isProxied: false, isThroughCdn: false })
    ).not.toThrow())
})
