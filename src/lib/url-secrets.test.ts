import { describe, expect, it } from 'vitest'
import { findUrlSecret, hideUrlSecrets } from './url-secrets.ts'

describe('findUrlSecret', () => {
  it.each([
    ['http://owner:geheim@127.0.0.1:9223', 'password'],
    ['HTTPS://owner:ge:heim@host/v1?api-version=1', 'password'],
    ['http://owner@home:geheim@host', 'password'],
    ['http://:geheim@host', 'password'],
    ['http://token-alone@host/', 'password'],
    ['https://host/v1?api-version=2025-04-01&api-key=abc', 'key'],
    ['https://host/?x-token=abc#f', 'key'],
    ['http://127.0.0.1:9223', undefined],
    ['http://owner:@host', undefined],
    ['http://host/models/@me:x', undefined],
    ['http://host?mail=me@example.org', undefined],
    ['https://host/v1?api-version=2025-04-01&key=', undefined],
    ['no address', undefined],
    ['', undefined]
  ])('%j has a %s', (url, secret) => {
    expect(findUrlSecret(url)).toBe(secret)
  })
})

describe('hideUrlSecrets', () => {
  it.each([
    ['http://127.0.0.1:9223', 'http://127.0.0.1:9223'],
    ['http://owner:ge@heim@host/v1', 'http://…@host/v1'],
    ['http://owner:ge/heim@host', 'http://…@host'],
    ['owner:geheim@host', '…@host'],
    ['http://host/v1?key=geheim', 'http://host/v1?…']
  ])('%j is shown as %j', (text, shown) => {
    expect(hideUrlSecrets(text)).toBe(shown)
  })
})
