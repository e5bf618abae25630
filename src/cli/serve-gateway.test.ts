import { expect, it } from 'vitest'
import { addressForOthers } from './serve-gateway.ts'

it.each([
  ['0.0.0.0', ['192.0.2.7', '198.51.100.7'], 'http://192.0.2.7:8080'],
  ['0.0.0.0', ['2001:db8::7', '192.0.2.7'], 'http://192.0.2.7:8080'],
  ['0.0.0.0', ['2001:db8::7'], undefined],
  ['::', ['2001:db8::7'], 'http://[2001:db8::7]:8080'],
  ['::', [], undefined],
  ['127.0.0.1', ['192.0.2.7'], undefined],
  ['192.0.2.7', ['192.0.2.7'], undefined]
])('of a gateway that listens at %s, others of %o are told %s', (host, addresses, address) => {
  expect(addressForOthers({ host, url: 'http://127.0.0.1:8080' }, addresses)).toBe(address)
})
