import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate } from '../support/image-calls.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({
    env: { INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1,10.0.0.0/8', INFERENCE_CLUB_LIMITS_WRONG_KEYS_PER_MINUTE: '3' }
  })
  const { key } = await gateway.addUser()
  await gateway.addAgent({ key, services: [{}] })
})

afterAll(() => gateway.close())

const WRONG_KEY = `ic_${'x'.repeat(40)}`

/** The status of an upgrade as a proxy passes it on; 101 when it was taken. */
const dial = ({ key, from }: { key: string; from: string }): Promise<number> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${gateway.url.replace(/^http/, 'ws')}/api/agent/connect`, {
      headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': from }
    })
    socket.on('error', () => undefined)
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0)
      socket.terminate()
    })
    socket.on('open', () => {
      resolve(101)
      socket.terminate()
    })
  })

describe('behind proxies', () => {
  it.each([
    [
      'two that add to lists',
      {
        'x-forwarded-for': '203.0.113.5, 10.0.0.9',
        'x-forwarded-proto': 'https,http',
        'x-forwarded-host': 'club.example,inner:8080',
        'x-forwarded-port': '8443,8080'
      },
      'https://club.example:8443'
    ],
    ['one of RFC 7239', { forwarded: 'for=203.0.113.5;proto=https;host="club.example"' }, 'https://club.example'],
    ['one that sends what is no host', { 'x-forwarded-host': 'x/"><script>' }, undefined]
  ])('URLs begin as people reached the outermost: %s', async (_what, headers, origin) => {
    const { client, key } = await gateway.addUser()
    const { request_id: id } = await generate(client, { size: '64x64' })
    const job = (await (await gateway.call(`/v1/jobs/${id}`, { key, headers })).json()) as { result_url: string }
    expect(new URL(job.result_url).origin).toBe(origin ?? gateway.url)
    const document = (await (await gateway.call('/openapi.json', { headers })).json()) as { servers: { url: string }[] }
    expect(document.servers).toEqual([{ url: origin ?? gateway.url }])
  })

  it('wrong keys of agents shut out their own address alone', async () => {
    const { key } = await gateway.addUser()
    for (let tries = 0; tries < 3; tries += 1) expect(await dial({ key: WRONG_KEY, from: '203.0.113.66' })).toBe(401)
    expect(await dial({ key: WRONG_KEY, from: '203.0.113.66' })).toBe(429)
    expect(await dial({ key, from: '203.0.113.66' })).toBe(429)
    // Neither the proxy nor its other callers, by whichever way they come.
    expect(await dial({ key, from: '203.0.113.67' })).toBe(101)
    const other = await gateway.addUser()
    expect((await gateway.call('/v1/models', { key: other.key })).status).toBe(200)
    const barred = await gateway.call('/v1/models', {
      key: WRONG_KEY,
      headers: { 'x-forwarded-for': '1.1.1.1, 203.0.113.66' }
    })
    expect([barred.status, (await readError(barred)).code]).toEqual([429, 'rate_limit_exceeded'])
  })
})

describe('a client of HTTP/1.0', () => {
  it('that names no host gets URLs of the address it called', async () => {
    const { client, key } = await gateway.addUser()
    const { request_id: id } = await generate(client, { size: '64x64' })
    const { port, hostname } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET /v1/jobs/${id} HTTP/1.0\r\nauthorization: Bearer ${key}\r\n\r\n`)
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 200 /)
    const { result_url: url } = JSON.parse(body) as { result_url: string }
    expect(url.startsWith(`${gateway.url}/`)).toBe(true)
    expect((await fetch(url)).status).toBe(200)
  })
})

it.each(['a b', 'a/b', 'me@b', 'a"b'])("a host header that is none ('%s') is refused in words", async (host) => {
  const { port, hostname } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  socket.write(`GET /v1/models HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('"code":"invalid_request"')
})

it('a server on an IPv6 address is used by it: agents, calls, URLs', async () => {
  const club = await startTestGateway({ env: { INFERENCE_CLUB_HOST: '::1' } })
  expect(club.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
  const { key, client } = await club.addUser()
  await club.addAgent({ key, services: [{}] })
  const { data } = await generate(client, { size: '64x64' })
  expect(data[0]!.url?.startsWith(`${club.url}/`)).toBe(true)
  expect((await fetch(data[0]!.url!)).status).toBe(200)
  await club.close()
})
