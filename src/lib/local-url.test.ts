import { expect, it } from 'vitest'
import { localUrl } from './local-url.ts'

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8080'],
  ['0.0.0.0', 'http://127.0.0.1:8080'],
  ['::', 'http://127.0.0.1:8080'],
  ['::1', 'http://[::1]:8080'],
  ['fd00::5', 'http://[fd00::5]:8080'],
  ['192.168.1.5', 'http://192.168.1.5:8080'],
  ['nas.local', 'http://nas.local:8080']
])('a server on %s is shown as %s', (host, url) => expect(localUrl({ host, port: 8080 })).toBe(url))
