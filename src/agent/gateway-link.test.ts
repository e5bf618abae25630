import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { TEST_CERTIFICATE } from '../../tests/support/test-certificate.ts'
import { type AgentMessage, CLOSE_CODES, PROTOCOL_VERSION } from '../protocol/messages.ts'
import { GatewayLink, GatewayRefused } from './gateway-link.ts'

interface Pause {
  why: string
  retryInMs: number
}

const HELLO: AgentMessage = {
  type: 'agent.hello',
  protocol: PROTOCOL_VERSION,
  name: 'rig',
  agent_version: '1',
  services: [],
  attempts: []
}

/** What the link has logged before each of its pauses. */
let pauses: Pause[]
/** What whoever runs the agent is told. */
let told: string[]
let welcomes: number
let link: GatewayLink | undefined
const servers: { close(): unknown }[] = []

beforeEach(() => {
  pauses = []
  told = []
  welcomes = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  link?.close()
  for (const server of servers.splice(0)) server.close()
  vi.useRealTimers()
})

function dial(to: number | string): Promise<void> {
  const write = (text: string) => {
    const line = JSON.parse(text) as Pause & { level: number; msg: string }
    if (line.retryInMs !== undefined) pauses.push(line)
    if (line.level >= 30) told.push(line.msg)
  }
  link = new GatewayLink({
    gateway: typeof to === 'string' ? to : `http://127.0.0.1:${to}`,
    apiKey: 'ic_key',
    hello: () => HELLO,
    onMessage: () => void (welcomes += 1),
    logger: pino({ level: 'debug' }, { write })
  })
  return link.run()
}

/** Sockets need the event loop, not the clock. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

async function untilPaused(times: number): Promise<Pause> {
  const deadline = performance.now() + 10_000
  while (pauses.length < times && performance.now() < deadline) await turn()
  return pauses[times - 1]!
}

async function listen<S extends Server>(server: S, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function portOfNobody(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

describe('a link to a gateway', () => {
  it('that is away dials again at once, then less often, and never waits longer than 5 s', async () => {
    const running = dial(await portOfNobody())
    for (let times = 1; times <= 9; times++) {
      const { retryInMs } = await untilPaused(times)
      await vi.advanceTimersByTimeAsync(retryInMs)
    }
    link!.close()
    await running
    const waited = pauses.map((pause) => pause.retryInMs)
    expect(waited[0]).toBeLessThanOrEqual(250)
    expect(Math.max(...waited)).toBeLessThanOrEqual(5000)
    // Jitter takes up to three tenths.
    expect(Math.min(...waited.slice(5))).toBeGreaterThanOrEqual(3500)
    expect(new Set(waited).size).toBeGreaterThan(1)
    expect(told).toEqual([expect.stringMatching(/^Nothing listens at .* Trying until it works\.$/)])
  })

  it('that was replaced says so and waits 30 s', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    let connections = 0
    server.on('connection', (socket: WebSocket) => {
      connections += 1
      socket.close(CLOSE_CODES.replaced, 'a newer connection took over')
    })
    const running = dial((server.address() as AddressInfo).port)
    expect(await untilPaused(1)).toMatchObject({
      why: 'Another agent of this account and name took over.',
      retryInMs: 30_000
    })
    await vi.advanceTimersByTimeAsync(29_999)
    for (let turns = 0; turns < 100; turns++) await turn()
    expect(connections).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    await untilPaused(2)
    expect(connections).toBe(2)
    link!.close()
    await running
    server.close()
  })

  it('tells of an outage once, of each reason in it, and how long it was', async () => {
    let answers = 101
    const http = createHttpServer()
    const sockets = new WebSocketServer({ noServer: true })
    http.on('upgrade', (request, socket, head) => {
      if (answers === 101) sockets.handleUpgrade(request, socket, head, (one) => sockets.emit('connection', one))
      else socket.end(`HTTP/1.1 ${answers} Away\r\nconnection: close\r\n\r\n`)
    })
    const port = await portOfNobody()
    const running = dial(port)
    await untilPaused(1)
    await vi.advanceTimersByTimeAsync(pauses[0]!.retryInMs)
    await untilPaused(2)
    sockets.on('connection', (socket: WebSocket) =>
      socket.on('message', () =>
        socket.send(
          JSON.stringify({
            type: 'gateway.welcome',
            provider_id: 'prv',
            lease_ms: 30_000,
            heartbeat_ms: 10_000,
            gone: []
          })
        )
      )
    )
    await listen(http, port)
    await vi.advanceTimersByTimeAsync(pauses[1]!.retryInMs)
    await untilTrue(() => welcomes === 1)
    // It had not been connected before: there is nothing to be connected *again*.
    expect(told).toHaveLength(1)

    for (const socket of sockets.clients) socket.close(CLOSE_CODES.goingAway, 'the gateway stops')
    answers = 502
    for (let times = 3; times <= 6; times++) {
      await untilPaused(times)
      await vi.advanceTimersByTimeAsync(pauses[times - 1]!.retryInMs)
    }
    const { retryInMs } = await untilPaused(7)
    answers = 101
    await vi.advanceTimersByTimeAsync(retryInMs)
    await untilTrue(() => told.some((line) => line.startsWith('Connected again')))
    expect(told.slice(1)).toEqual([
      'The gateway stops or restarts. Trying until it works.',
      expect.stringMatching(/is away.*502/),
      expect.stringMatching(/^Connected again after \d+ s\.$/)
    ])
    link!.close()
    await running
    sockets.close()
  })

  it('does not wait for ever for a server of something else to greet it', async () => {
    const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    servers.push(sockets)
    await once(sockets, 'listening')
    const opened = once(sockets, 'connection')
    const running = dial((sockets.address() as AddressInfo).port)
    const [socket] = (await opened) as [WebSocket]
    await once(socket, 'message')
    await vi.advanceTimersByTimeAsync(29_000)
    expect(told).toEqual([])
    await vi.advanceTimersByTimeAsync(1000)
    await untilPaused(1)
    expect(told).toEqual([expect.stringMatching(/^There is no inference\.club at /)])
    link!.close()
    await running
  })
})

describe('a wrong address', () => {
  const answering = (answer: RequestListener) => listen(createHttpServer(answer))

  it.each([
    [
      'a name that nobody has',
      async () => 'http://gateway.invalid',
      /(no machine called|looked up now).*gateway\.invalid|gateway\.invalid.*looked up/
    ],
    ['TLS that nobody signed', async () => `https://127.0.0.1:${await tls()}`, /NODE_EXTRA_CA_CERTS/],
    ['TLS where there is none', async () => `https://127.0.0.1:${await answering(ok)}`, /does not speak TLS/],
    ['no TLS where there is some', async () => `http://127.0.0.1:${await tls()}`, /is its address https:/]
  ])('%s is told once, and tried again', async (_what, address, reason) => {
    const running = dial(await address())
    await untilPaused(1)
    await vi.advanceTimersByTimeAsync(pauses[0]!.retryInMs)
    await untilPaused(2)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(reason)
    link!.close()
    await running
  })

  it.each([
    ['a page of something else', 200, {}, 'hello', /no inference\.club/],
    ['another path', 404, {}, 'nothing here', /no inference\.club/],
    [
      'one that sends on',
      308,
      { location: 'https://club.example.org/api/agent/connect' },
      '',
      /sends callers on to https:\/\/club\.example\.org:/
    ],
    ['a proxy that wants a password', 401, { 'www-authenticate': 'Basic' }, 'no', /lets nobody in/],
    ['a body without an end', 403, {}, 'x'.repeat(1_000_000), /lets nobody in/]
  ])('%s ends the agent with a sentence', async (_what, status, headers, body, reason) => {
    const port = await answering((_request, response) => response.writeHead(status, headers).end(body))
    const refused = await dial(port).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(GatewayRefused)
    expect((refused as Error).message).toMatch(reason)
    expect(told).toEqual([])
  })
})

const ok: RequestListener = (_request, response) => void response.end('ok')
const tls = () => listen(createHttpsServer(TEST_CERTIFICATE, ok))

async function untilTrue(is: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!is() && performance.now() < deadline) await turn()
  expect(is()).toBe(true)
}
