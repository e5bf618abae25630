import { describe, expect, it } from 'vitest'
import { faultOfLate, faultOfProxy, isLate, type ProxyAnswer } from './proxy-fault.ts'

const NGINX = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>'
const answer: ProxyAnswer = { status: 200, body: '{}' }

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
    expect(faultOfProxy({ status, body })).toMatchObject({
      fault: 'unreachable',
      message: `What stands before the image server cannot reach it (HTTP ${status}).`,
      remedy: expect.stringContaining('Start the image server')
    })
  })

  it('may answer with a page of its own, to sign in at', () => {
    expect(faultOfProxy({ ...answer, body: '<!doctype html><title>Sign in</title>' })).toMatchObject({
      fault: 'unreachable',
      message: 'A web page is where the image server should be.'
    })
    expect(faultOfProxy({ ...answer, body: NGINX, mayBePage: true })).toBeUndefined()
  })

  it('may lead to such a page, unless that is the server itself', () => {
    const redirect = { status: 302, body: '' }
    expect(faultOfProxy(redirect)).toMatchObject({ fault: 'unreachable', remedy: expect.stringContaining('sign-in') })
    expect(faultOfProxy({ ...redirect, mayRedirect: true })).toBeUndefined()
  })

  it.each([401, 403, 407])('may let nobody in, with a page: %i', (status) => {
    expect(faultOfProxy({ status, body: NGINX })).toMatchObject({
      fault: 'unreachable',
      message: `What stands before the image server lets nobody in (HTTP ${status}).`
    })
    expect(faultOfProxy({ status, body: '{"error":"wrong key"}' })).toBeUndefined()
  })

  it('may want a user name and a password, which are part of an address and no key', () => {
    const unasked = { status: 401, body: '' }
    const remedy = "They belong into the service's url: http://user:password@host."
    expect(faultOfProxy({ ...unasked, password: 'wanted' })).toMatchObject({
      fault: 'unreachable',
      message: 'The image server wants a user name and a password.',
      remedy
    })
    expect(faultOfProxy({ ...unasked, password: 'refused' })).toMatchObject({
      message: 'The image server refused its user name or password.',
      remedy
    })
    expect(faultOfProxy(unasked)).toBeUndefined()
  })

  it.each([504, 520, 524])('may have nobody behind it who answers at all: %d', (status) => {
    expect(faultOfProxy({ status, body: NGINX })).toMatchObject({
      fault: 'unreachable',
      message: `What stands before the image server cannot reach it (HTTP ${status}).`
    })
  })

  it.each([504, 524])('may not wait for the image, which it would not a second time: %d', (status) => {
    expect(faultOfLate({ status, body: NGINX })).toMatchObject({
      fault: 'bad_output',
      message: `What stands before the image server did not wait for the image (HTTP ${status}).`,
      remedy: expect.stringContaining('proxy_read_timeout')
    })
    expect(faultOfLate({ status, body: '{"error":"timed out"}' })).toBeUndefined()
  })

  it.each([502, 503, 520])('may lose a server that dies of the image: %d', (status) => {
    expect(faultOfLate({ status, body: NGINX })).toMatchObject({
      fault: 'crashed',
      message: `What stands before the image server lost it while it made the image (HTTP ${status}).`
    })
  })

  it.each([
    [302, ''],
    [401, NGINX],
    [200, NGINX]
  ])('says nothing late of what was begun by %d', (status, body) => {
    expect(faultOfLate({ status, body })).toBeUndefined()
  })

  it('says at once that nobody is there: later an image may have been begun', () => {
    expect([isLate(3000), isLate(3001)]).toEqual([false, true])
  })

  it.each([
    [502, '{"error":{"message":"the image could not be made","code":"provider_error"}}'],
    [503, 'Server is busy; please try again later.'],
    [500, NGINX],
    [404, NGINX],
    [200, '{"data":[]}'],
    [200, 'not a page']
  ])('is not what a server says itself: %d %s', (status, body) => {
    expect(faultOfProxy({ status, body })).toBeUndefined()
  })
})
