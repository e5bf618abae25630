import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate } from '../support/image-calls.ts'
import { multipart } from '../support/multipart.ts'
import { plainPng } from '../support/pictures.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

/** As Java's HttpClient and `curl --http2` send it with every call over plain HTTP (RFC 7540 §3.2). */
const H2C = {
  upgrade: 'h2c',
  connection: 'Upgrade, HTTP2-Settings',
  'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAA'
}
const WEBSOCKET = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
}

let gateway: TestGateway
let owner: TestUser
let imagePath: string
let edit: { body: Buffer; contentType: string }

beforeAll(async () => {
  gateway = await startTestGateway()
  owner = await gateway.addUser()
  await gateway.addAgent({ key: owner.key, services: [{}] })
  imagePath = new URL((await generate(owner.client, { size: '64x64' })).data[0]!.url).pathname
  edit = multipart([
    { name: 'model', body: 'demo' },
    { name: 'prompt', body: 'a fox' },
    { name: 'image', filename: 'a.png', type: 'image/png', body: await plainPng({ width: 64, height: 64 }, [1, 2, 3]) }
  ])
})

afterAll(() => gateway.close())

interface Call {
  path: string
  method?: string
  headers?: Record<string, string>
  body?: Buffer | string
}

/** `fetch` cannot ask for an upgrade. What carries a body sends it after the head, as clients do. */
async function send({ path, method = 'GET', headers = {}, body }: Call): Promise<{ status: number; text: string }> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve, reject) => {
    const call = httpRequest(gateway.url + path, { method, headers: { ...headers, ...length }, agent: false })
    call.on('error', reject)
    call.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve({ status: 101, text: '' })
    })
    call.on('response', (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject)
    })
    call.end(body)
  })
}

const json = (value: unknown): Pick<Call, 'method' | 'headers' | 'body'> => ({
  method: 'POST',
  headers: { authorization: `Bearer ${owner.key}`, 'content-type': 'application/json' },
  body: JSON.stringify(value)
})

const CALLS: [what: string, status: number, call: () => Call][] = [
  ['a list', 200, () => ({ path: '/v1/models', headers: { authorization: `Bearer ${owner.key}` } })],
  ['an image', 200, () => ({ path: imagePath })],
  ['the head of an image', 200, () => ({ path: imagePath, method: 'HEAD' })],
  [
    'a generation',
    200,
    () => ({ path: '/v1/images/generations', ...json({ model: 'demo', prompt: 'a fox', size: '64x64' }) })
  ],
  [
    'an edit as a form',
    200,
    () => ({
      path: '/v1/images/edits',
      method: 'POST',
      headers: { authorization: `Bearer ${owner.key}`, 'content-type': edit.contentType },
      body: edit.body
    })
  ],
  ['a call without a key', 401, () => ({ path: '/v1/models' })],
  ['a body that is wrong', 400, () => ({ path: '/v1/images/generations', ...json({ n: 'x' }) })],
  ['a wrong method', 405, () => ({ path: '/v1/models', ...json({}) })],
  ['a page', 200, () => ({ path: '/sign-in', headers: { accept: 'text/html' } })],
  ['who is signed in', 200, () => ({ path: '/api/dashboard/session' })],
  [
    'signing in',
    401,
    () => ({
      path: '/api/auth/sign-in/email',
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: gateway.url },
      body: JSON.stringify({ email: 'nobody@example.org', password: 'not the right one' })
    })
  ],
  ['the document', 200, () => ({ path: '/openapi.json' })],
  ['an unknown path', 404, () => ({ path: '/v1/nothing' })],
  [
    'the delivery of an agent',
    404,
    () => ({
      path: '/api/agent/attempts/att_1/image',
      method: 'PUT',
      headers: { authorization: 'Bearer x', 'content-type': 'image/png' },
      body: 'x'
    })
  ],
  ["the agents' path without a WebSocket", 426, () => ({ path: '/api/agent/connect' })]
]

describe('a call that offers another protocol', () => {
  it.each(CALLS)('is answered as if it did not: %s', async (_what, status, call) => {
    const { headers, ...rest } = call()
    const plain = await send({ headers, ...rest } as Call)
    expect(plain.status).toBe(status)
    for (const offer of [H2C, { upgrade: 'TLS/1.0, HTTP/1.1', connection: 'Upgrade' }]) {
      const offered = await send({ ...rest, headers: { ...headers, ...offer } })
      expect(offered.status).toBe(status)
      // Ids and times differ.
      expect(offered.text.length > 0).toBe(plain.text.length > 0)
    }
  })

  it.each(CALLS.slice(0, -1))(
    'is answered by HTTP when it is for a WebSocket, too: %s',
    async (_what, status, call) => {
      const { headers, ...rest } = call()
      expect((await send({ ...rest, headers: { ...headers, ...WEBSOCKET } })).status).toBe(status)
    }
  )

  it("gets it on the agents' path alone", async () => {
    const headers = { ...WEBSOCKET, authorization: `Bearer ${owner.key}` }
    expect((await send({ path: '/api/agent/connect?x=1', headers })).status).toBe(101)
    expect((await send({ path: '/api/agent/connect/', headers: { ...headers, upgrade: 'WebSocket' } })).status).toBe(
      101
    )
    expect((await send({ path: '/api/agent/connected', headers })).status).toBe(404)
    expect((await send({ path: '/api/agent/connect', headers, method: 'POST' })).status).toBe(404)
  })
})
