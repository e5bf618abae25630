import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpCall } from '../support/http-call.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { openRawConnection, type RawConnection } from '../support/raw-connection.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({
    edge: { requestMs: 300, headMs: 150, lookEveryMs: 20, messages: { most: 20, windowMs: 20, mostFullWindows: 3 } }
  })
})
afterAll(() => gateway.close())

const expectBrowserHeaders = (head: string) => {
  expect(head).toMatch(/^x-request-id: xid_/im)
  expect(head).toMatch(/^x-content-type-options: nosniff/im)
  expect(head).toMatch(/^content-security-policy: default-src 'none'; frame-ancestors 'none'/im)
  expect(head).toMatch(/^x-frame-options: DENY/im)
  expect(head).toMatch(/^content-type: application\/json/im)
}

describe('a request that does not arrive in time', () => {
  it.each([
    [
      'whose body stops',
      'POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n',
      50
    ],
    ['whose head stops', 'GET /v1/models HTTP/1.1\r\nHost: localhost\r\n', undefined],
    ['of which nothing comes', '', undefined]
  ])('%s, is told so in the shape of every error', async (_what, text, bodyBytes) => {
    const { key } = await gateway.addUser()
    const connection = await openRawConnection(gateway.url)
    const rest =
      bodyBytes === undefined ? '' : `Authorization: Bearer ${key}\r\nContent-Length: ${bodyBytes}\r\n\r\n{"model":`
    if (text !== '') await connection.send(text + rest)
    const answer = await connection.answer()
    expect(answer.status).toBe(408)
    expectBrowserHeaders(answer.head)
    expect(JSON.parse(answer.text)).toEqual({
      error: {
        message: 'The request did not arrive in time. Send it again.',
        type: 'invalid_request',
        param: null,
        code: 'invalid_request'
      }
    })
    await connection.closed
  })
})

describe('what the parser refuses', () => {
  it.each([
    ['nonsense', 'hello\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`, 431]
  ])('says what browsers may do with it: %s', async (_what, text, status) => {
    const connection = await openRawConnection(gateway.url)
    await connection.send(text)
    const answer = await connection.answer()
    expect(answer.status).toBe(status)
    expectBrowserHeaders(answer.head)
    connection.end()
  })
})

describe('an answer that goes out before its request has come whole', () => {
  const POST = 'POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

  it.each([
    ['the rest never comes', 'Content-Length: 50\r\n\r\n{"', () => undefined],
    ['the caller says no more', 'Content-Length: 2\r\n\r\n', (connection: RawConnection) => connection.sayNoMore()],
    [
      'the rest is nonsense',
      'Transfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n',
      (connection: RawConnection) => connection.send('nonsense\r\n')
    ]
  ])('is the only one, when %s', async (_what, begin, goOn) => {
    const connection = await openRawConnection(gateway.url)
    await connection.send(POST + begin)
    expect((await connection.answer()).status).toBe(401)
    await goOn(connection)
    await expect(connection.answer()).rejects.toThrow('closed before the answer')
  })
})

describe('an upgrade', () => {
  it.each([
    ['without a key', {}, 401],
    ['by a name that is not ours', { host: 'evil.example' }, 421]
  ])('%s is refused as every other call is', async (_what, headers, status) => {
    const answer = await httpCall(`${gateway.url}/api/agent/connect`, {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers
    })
    expect(answer.status).toBe(status)
    const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`)
    expectBrowserHeaders(lines.join('\n'))
    expect(JSON.parse(answer.text)).toMatchObject({ error: { param: null } })
  })
})

describe('an agent that floods', () => {
  it('and goes on to is closed with a reason, and others are heard', async () => {
    const { key } = await gateway.addUser()
    const [noisy, calm] = [
      await connectRawAgent({ url: gateway.url, key }),
      await connectRawAgent({ url: gateway.url, key })
    ]
    await noisy.hello({ name: 'noisy' })
    await calm.hello({ name: 'calm' })
    const closed = once(noisy.socket, 'close') as Promise<[number, Buffer]>
    await waitFor(() => {
      for (let sent = 0; sent < 100; sent += 1) noisy.send({ type: 'agent.heartbeat' })
      return noisy.socket.readyState !== noisy.socket.OPEN
    })
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([4000, 'messages came faster than they can be read, and went on to'])
    calm.socket.ping()
    await once(calm.socket, 'pong')
    await calm.close()
  })
})
