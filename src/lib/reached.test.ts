import { describe, expect, it } from 'vitest'
import { createReached } from './reached.ts'

const PROXY = '127.0.0.1'
const reach = createReached([PROXY, '10.0.0.0/8', 'fd00::/8'])

const call = (headers: Record<string, string>, remoteAddress = PROXY) =>
  reach({
    headers: { host: 'inner:8080', ...headers },
    socket: { remoteAddress, localAddress: '127.0.0.1', localPort: 8080 }
  })

describe('how a call reached us', () => {
  it('is as it says itself where no proxy is trusted', () => {
    const spoofed = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=203.0.113.9;host=evil.example',
      'cf-ray': '1'
    }
    expect(call(spoofed, '198.51.100.1')).toEqual({
      address: '198.51.100.1',
      origin: 'http://inner:8080',
      isProxied: false,
      isThroughCdn: false
    })
  })

  it.each<[string, Record<string, string>, string, string]>([
    ['nothing', {}, PROXY, 'http://inner:8080'],
    [
      'one proxy',
      { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' },
      '203.0.113.9',
      'https://inner:8080'
    ],
    [
      'lists of two trusted proxies',
      {
        'x-forwarded-for': '203.0.113.9, 10.0.0.2',
        'x-forwarded-proto': 'https,http',
        'x-forwarded-host': 'club.example, inner:8080',
        'x-forwarded-port': '8443, 8080'
      },
      '203.0.113.9',
      'https://club.example:8443'
    ],
    [
      'lists in front of which the caller wrote something',
      {
        'x-forwarded-for': '1.2.3.4, 203.0.113.9, 10.0.0.2',
        'x-forwarded-proto': 'http, https,http',
        'x-forwarded-host': 'evil.example, club.example, inner:8080'
      },
      '203.0.113.9',
      'https://club.example'
    ],
    [
      'lists behind a proxy that is not trusted',
      {
        'x-forwarded-for': '203.0.113.9, 192.0.2.2',
        'x-forwarded-proto': 'https,http',
        'x-forwarded-host': 'evil.example, club.example'
      },
      '192.0.2.2',
      'http://club.example'
    ],
    [
      'lists without the addresses',
      { 'x-forwarded-proto': 'https,http', 'x-forwarded-host': 'club.example, inner' },
      PROXY,
      'https://club.example'
    ],
    [
      'one that two proxies pass on',
      { 'x-forwarded-for': '203.0.113.9, 10.0.0.2', 'x-forwarded-proto': 'https' },
      '203.0.113.9',
      'https://inner:8080'
    ],
    ['callers in a trusted network', { 'x-forwarded-for': '10.1.1.1, 10.0.0.2' }, '10.1.1.1', 'http://inner:8080'],
    ['an address with a port', { 'x-forwarded-for': '203.0.113.9:4711' }, '203.0.113.9', 'http://inner:8080'],
    ['an IPv6 address with a port', { 'x-forwarded-for': '[2001:db8::1]:4711' }, '2001:db8::1', 'http://inner:8080'],
    ['an address that is none', { 'x-forwarded-for': '203.0.113.9, unknown' }, PROXY, 'http://inner:8080'],
    ['a WebSocket', { 'x-forwarded-proto': 'wss', 'x-forwarded-host': 'club.example' }, PROXY, 'https://club.example'],
    [
      'a port beside a host that has one',
      { 'x-forwarded-host': 'club.example:8443', 'x-forwarded-port': '443', 'x-forwarded-proto': 'https' },
      PROXY,
      'https://club.example:8443'
    ],
    [
      "the inner server's port",
      { 'x-forwarded-host': 'club.example', 'x-forwarded-port': '80', 'x-forwarded-proto': 'https' },
      PROXY,
      'https://club.example'
    ],
    ['the last port', { 'x-forwarded-host': 'a', 'x-forwarded-port': '65535' }, PROXY, 'http://a:65535'],
    ['one past it', { 'x-forwarded-host': 'a', 'x-forwarded-port': '65536' }, PROXY, 'http://a'],
    ['a host that is none', { 'x-forwarded-host': 'a b/"<script>' }, PROXY, 'http://inner:8080'],
    ['a user name in the host', { 'x-forwarded-host': 'me@evil.example' }, PROXY, 'http://inner:8080'],
    ['an IPv6 host', { 'x-forwarded-host': '[fd00::1]:8080' }, PROXY, 'http://[fd00::1]:8080'],
    ['an unknown protocol', { 'x-forwarded-proto': 'javascript' }, PROXY, 'http://inner:8080'],
    [
      'Forwarded',
      { forwarded: 'for=203.0.113.9;proto=https;host=club.example' },
      '203.0.113.9',
      'https://club.example'
    ],
    [
      'Forwarded by two trusted proxies',
      {
        forwarded:
          'for=1.2.3.4;host=evil.example, For="[2001:db8::1]:4711";Proto=https;Host="club.example:8443" , for=10.0.0.2;proto=http;host=inner'
      },
      '2001:db8::1',
      'https://club.example:8443'
    ],
    [
      'Forwarded with a hidden address',
      { forwarded: 'for=_hidden;proto=https;host=club.example' },
      PROXY,
      'https://club.example'
    ],
    [
      'Forwarded that was never closed',
      { forwarded: 'for="203.0.113.9;host=evil.example' },
      PROXY,
      'http://inner:8080'
    ],
    [
      'Forwarded that a proxy of the other kind passes on',
      { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=6.6.6.6;proto=https;host=evil.example' },
      '203.0.113.9',
      'http://inner:8080'
    ]
  ])('is told by the outermost trusted hop: %s', (_what, headers, address, origin) => {
    expect(call(headers)).toMatchObject({ address, origin, isProxied: Object.keys(headers).length > 0 })
  })

  it('knows proxies by IPv6, and by IPv4 on sockets of IPv6', () => {
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    expect(call(headers, '::ffff:10.1.2.3').address).toBe('203.0.113.9')
    expect(call(headers, 'fd00::7').address).toBe('203.0.113.9')
    expect(call(headers, 'fe80::1%eth0').address).toBe('fe80::1')
    expect(call(headers, '::ffff:198.51.100.1').address).toBe('198.51.100.1')
  })

  it('believes a proxy that a CDN is in front', () => {
    expect(call({ 'cf-ray': '8f1-FRA' })).toMatchObject({ isThroughCdn: true })
    expect(call({ 'cf-ray': '8f1-FRA' }, '198.51.100.1')).toMatchObject({ isThroughCdn: false })
  })

  it('is the address that was called, where nobody names one', () => {
    const socket = { remoteAddress: '198.51.100.1', localPort: 8080 }
    expect(reach({ headers: {}, socket: { ...socket, localAddress: '::ffff:192.168.1.5' } }).origin).toBe(
      'http://192.168.1.5:8080'
    )
    expect(reach({ headers: {}, socket: { ...socket, localAddress: '::1' } }).origin).toBe('http://[::1]:8080')
  })

  it.each(['a b', 'a/b', 'me@b', 'a:99999', '', '[::1', 'a?b', `${'a'.repeat(262)}`])(
    "is refused when the host is '%s'",
    (host) => {
      expect(() => call({ host }, '198.51.100.1')).toThrow(/is not a host/)
    }
  )
})
