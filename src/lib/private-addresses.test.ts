import { describe, expect, it } from 'vitest'
import { isPrivateAddress } from './private-addresses.ts'

describe('IPv4', () => {
  it.each([
    ['0.0.0.0', '0.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['127.0.0.0', '127.255.255.255'],
    ['169.254.0.0', '169.254.255.255'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.0.0.0', '192.0.0.255'],
    ['192.0.2.0', '192.0.2.255'],
    ['192.88.99.0', '192.88.99.255'],
    ['192.168.0.0', '192.168.255.255'],
    ['198.18.0.0', '198.19.255.255'],
    ['198.51.100.0', '198.51.100.255'],
    ['203.0.113.0', '203.0.113.255'],
    ['224.0.0.0', '255.255.255.255']
  ])('from %s to %s is private, to its very ends', (first, last) => {
    expect([first, last].map(isPrivateAddress)).toEqual([true, true])
  })

  it.each(['169.254.169.254', '127.0.0.1', '192.168.1.1', '172.20.10.2', '255.255.255.255'])('%s is private', (one) => {
    expect(isPrivateAddress(one)).toBe(true)
  })

  it.each([
    '1.0.0.0',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '191.255.255.255',
    '192.0.1.0',
    '192.0.3.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255'
  ])('%s is public', (one) => {
    expect(isPrivateAddress(one)).toBe(false)
  })
})

describe('IPv6', () => {
  it.each([
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['loopback in full', '0000:0000:0000:0000:0000:0000:0000:0001'],
    ['IPv4-compatible', '::7f00:1'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped loopback in hexadecimal', '::ffff:7f00:1'],
    ['mapped private', '::ffff:10.0.0.1'],
    ['mapped public, which nobody needs', '::ffff:8.8.8.8'],
    ['translated', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::1'],
    ['discard', '100::1'],
    ['below global unicast', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['Teredo', '2001::1'],
    ['benchmark', '2001:2::1'],
    ['the last protocol assignment', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['documentation', '2001:db8::1'],
    ['the last of it', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['6to4', '2002:7f00:1::1'],
    ['new documentation', '3fff::1'],
    ['above global unicast', '4000::'],
    ['segment routing', '5f00::1'],
    ['unique local', 'fc00::1'],
    ['unique local', 'fd12:3456:789a::1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['the last', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']
  ])('%s is private: %s', (_what, one) => {
    expect(isPrivateAddress(one)).toBe(true)
  })

  it.each([
    '2000::',
    '2001:200::',
    '2001:4860:4860::8888',
    '2001:db7:ffff::1',
    '2001:db9::1',
    '2003::1',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
    '3ffe:ffff::1',
    '3fff:1000::'
  ])('%s is public', (one) => {
    expect(isPrivateAddress(one)).toBe(false)
  })
})

describe('what is no address', () => {
  it.each(['', 'localhost', '127.1', '2130706433', '0x7f000001', '[::1]', '1.2.3.4.5', '8.8.8.8/32', ' 8.8.8.8'])(
    'counts as private: %j',
    (one) => {
      expect(isPrivateAddress(one)).toBe(true)
    }
  )
})
