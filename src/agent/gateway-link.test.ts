import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { type AgentMessage, CLOSE_CODES, PROTOCOL_VERSION } from '../protocol/messages.ts'
import { GatewayLink } from './gateway-link.ts'

interface Pause {
  msg: string
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
let link: GatewayLink | undefined

beforeEach(() => {
  pauses = []
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  link?.close()
  vi.useRealTimers()
})

function dial(port: number): Promise<void> {
  const logger = pino({ level: 'warn' }, { write: (line: string) => void pauses.push(JSON.parse(line) as Pause) })
  link = new GatewayLink({
    gateway: `http://127.0.0.1:${port}`,
    apiKey: 'ic_key',
    hello: () => HELLO,
    onMessage: () => undefined,
    logger
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

async function portOfNobody(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
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
      msg: 'another agent with this key and name took over',
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
})
