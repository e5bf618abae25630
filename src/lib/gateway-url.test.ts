import { expect, it } from 'vitest'
import { readGatewayUrl } from './gateway-url.ts'

it.each([
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
  ['http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080'],
  ['http://127.0.0.1:8080//v1//', 'http://127.0.0.1:8080'],
  ['https://club.example.org/images/v1/', 'https://club.example.org/images'],
  ['https://club.example.org/images/', 'https://club.example.org/images'],
  ['https://club.example.org/v1/images/generations', 'https://club.example.org'],
  ['https://club.example.org/v12', 'https://club.example.org/v12'],
  ['HTTPS://Club.example.org', 'https://club.example.org'],
  [' 127.0.0.1:18080 ', 'http://127.0.0.1:18080'],
  ['localhost:8080', 'http://localhost:8080'],
  ['localhost/v1', 'http://localhost'],
  ['[::1]:8080/club/v1', 'http://[::1]:8080/club'],
  ['192.168.1.20:8080', 'http://192.168.1.20:8080'],
  ['gpu-box:8080', 'http://gpu-box:8080'],
  ['gpu-box.local', 'http://gpu-box.local']
])('%j is the gateway at %s', (text, url) => {
  expect(readGatewayUrl(text)).toEqual({ url })
})

it.each([
  ['', 'must be an http or https URL'],
  ['nowhere', 'must be an http or https URL'],
  ['ws://club.example.org', 'must be an http or https URL'],
  ['http://', 'must be an http or https URL'],
  ['http://a b', 'must be an http or https URL'],
  ['localhost:99999', 'must be an http or https URL'],
  // A key must not travel in the open because somebody left out a scheme.
  ['club.example.org', 'must begin with https:// or http://'],
  ['club.example.org:8080/v1', 'must begin with https:// or http://'],
  ['8.8.8.8:8080', 'must begin with https:// or http://'],
  ['https://me:secret@club.example.org', 'must not have a query, fragment, user name or password'],
  ['https://club.example.org/?key=secret', 'must not have a query, fragment, user name or password']
])('%j is none', (text, problem) => {
  expect(readGatewayUrl(text)).toEqual({ problem })
})
