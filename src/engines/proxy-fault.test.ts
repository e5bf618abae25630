import { describe, expect, it } from 'vitest'
import { faultOfProxy, type ProxyAnswer } from './proxy-fault.ts'

const NGINX = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>'
const question: ProxyAnswer = { status: 200, body: '{}', isWork: false, tookMs: 1 }
const work: ProxyAnswer = { ...question, isWork: true }

describe('what stands before an image server', () => {
  it.each([
    ['nginx', 502, NGINX],
    ['Caddy', 502, ''],
    ['Traefik', 502, 'Bad Gateway'],
    ['HAProxy', 503, '<html><body><h1>503 Service Unavailable</h1></body></html>'],
    ['Cloudflare', 521, '<!DOCTYPE html>\n<html lang="en-US">'],
    ['Cloudflare', 525, 'error code: 525'],
    ['Cloudflare', 526, 'error code: 526'],
    ['a tunnel of Cloudflare', 530, 'error code: 1033']
  ])('says that nobody is behind it, as %s does: %d', (_who, status, body) => {
    for (const call of [question, work])
      expect(faultOfProxy({ ...call, status, body })).toMatchObject({
        fault: 'unreachable',
        message: `What stands before the image server cannot reach it (HTTP ${status}).`,
        remedy: expect.stringContaining('Start the image server')
      })
  })

  it('may answer with a page of its own, to sign in at', () => {
    for (const call of [question, work])
      expect(faultOfProxy({ ...call, body: '<!doctype html><title>Sign in</title>' })).toMatchObject({
        fault: 'unreachable',
        message: 'A web page is where the image server should be.'
      })
    expect(faultOfProxy({ ...question, body: NGINX, mayBePage: true })).toBeUndefined()
  })

  it('may lead to such a page, unless that is the server itself', () => {
    for (const call of [question, work]) {
      const answer = { ...call, status: 302, body: '' }
      expect(faultOfProxy(answer)).toMatchObject({ fault: 'unreachable', remedy: expect.stringContaining('sign-in') })
      expect(faultOfProxy({ ...answer, mayRedirect: true })).toBeUndefined()
    }
    expect(faultOfProxy({ ...work, status: 302, body: '', tookMs: 3001 })).toBeUndefined()
  })

  it.each([401, 403, 407])('may let nobody in, with a page: %i', (status) => {
    for (const call of [question, work])
      expect(faultOfProxy({ ...call, status, body: NGINX })).toMatchObject({
        fault: 'unreachable',
        message: `What stands before the image server lets nobody in (HTTP ${status}).`
      })
    expect(faultOfProxy({ ...question, status, body: '{"error":"wrong key"}' })).toBeUndefined()
  })

  it('may want a user name and a password, which are part of an address and no key', () => {
    const answer = { ...question, status: 401, body: '' }
    const remedy = "They belong into the service's url: http://user:password@host."
    expect(faultOfProxy({ ...answer, password: 'wanted' })).toMatchObject({
      fault: 'unreachable',
      message: 'The image server wants a user name and a password.',
      remedy
    })
    expect(faultOfProxy({ ...answer, password: 'refused' })).toMatchObject({
      message: 'The image server refused its user name or password.',
      remedy
    })
    expect(faultOfProxy(answer)).toBeUndefined()
  })

  it.each([504, 520, 524])('may have nobody behind it who answers at all: %d', (status) => {
    for (const call of [question, { ...work, tookMs: 3000 }])
      expect(faultOfProxy({ ...call, status, body: NGINX })).toMatchObject({
        fault: 'unreachable',
        message: `What stands before the image server cannot reach it (HTTP ${status}).`
      })
  })

  it('may not wait for the image, which it would not a second time', () => {
    for (const status of [504, 524])
      expect(faultOfProxy({ ...work, status, body: NGINX, tookMs: 3001 })).toMatchObject({
        fault: 'bad_output',
        message: `What stands before the image server did not wait for the image (HTTP ${status}).`,
        remedy: expect.stringContaining('proxy_read_timeout')
      })
    expect(faultOfProxy({ ...work, status: 520, body: NGINX, tookMs: 3001 })).toBeUndefined()
    expect(faultOfProxy({ ...work, status: 504, body: '{"error":"timed out"}', tookMs: 3001 })).toBeUndefined()
  })

  it('says so at once: later something may have been begun, and have ended its server', () => {
    expect(faultOfProxy({ ...work, status: 502, body: NGINX, tookMs: 3000 })).toMatchObject({ fault: 'unreachable' })
    expect(faultOfProxy({ ...work, status: 502, body: NGINX, tookMs: 3001 })).toBeUndefined()
    expect(faultOfProxy({ ...question, status: 502, body: NGINX, tookMs: 60_000 })).toMatchObject({
      fault: 'unreachable'
    })
  })

  it.each([
    [502, '{"error":{"message":"the image could not be made","code":"provider_error"}}'],
    [503, 'Server is busy; please try again later.'],
    [500, NGINX],
    [404, NGINX],
    [200, '{"data":[]}'],
    [200, 'not a page']
  ])('is not what a server says itself: %d %s', (status, body) => {
    expect(faultOfProxy({ ...work, status, body })).toBeUndefined()
  })
})
