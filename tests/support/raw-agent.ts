import { once } from 'node:events'
import { WebSocket } from 'ws'
import {
  type AgentMessage,
  type AttemptResult,
  encodeAttemptResult,
  type GatewayMessage,
  PROTOCOL_VERSION,
  RESULT_HEADER,
  type ServiceDeclaration
} from '../../src/protocol/messages.ts'
import { waitFor } from './wait-for.ts'

type Of<T extends GatewayMessage['type']> = Extract<GatewayMessage, { type: T }>

/** An agent that does exactly what a test tells it, misbehaviour included. */
export interface RawAgent {
  socket: WebSocket
  /** Everything the gateway said, oldest first. */
  messages: GatewayMessage[]
  /** Settles with the close code once the socket is closed. */
  closed: Promise<number>
  send(message: AgentMessage): void
  /** No more heartbeats, which it sends by itself after the welcome. */
  beQuiet(): void
  hello(hello: {
    name: string
    services?: Partial<ServiceDeclaration>[]
    attempts?: Held[]
    accepts?: string[]
    probes?: boolean
  }): Promise<Of<'gateway.welcome'>>
  /** The first message of this type that `is`, which may have come already. */
  received<T extends GatewayMessage['type']>(type: T, is?: (message: Of<T>) => boolean): Promise<Of<T>>
  /** Delivers an image as an agent does; `token`, `result` and `body` may be anything. */
  put(attemptId: string, delivery: Delivery): Promise<Response>
  close(): Promise<void>
}

export interface Held {
  id: string
  token: string
}

export interface Delivery {
  token: string
  body: Uint8Array | ReadableStream
  mediaType?: string
  result?: Partial<AttemptResult> | string
}

/** Dials the gateway and says nothing yet. */
export async function connectRawAgent(gateway: { url: string; key: string }): Promise<RawAgent> {
  const socket = new WebSocket(`${gateway.url.replace(/^http/, 'ws')}/api/agent/connect`, {
    headers: { authorization: `Bearer ${gateway.key}` }
  })
  const messages: GatewayMessage[] = []
  let heartbeat: NodeJS.Timeout | undefined
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as GatewayMessage
    messages.push(message)
    if (message.type === 'gateway.welcome') heartbeat = setInterval(beat, message.heartbeat_ms)
  })
  socket.on('error', () => undefined) // The close code tells.
  const closed = once(socket, 'close').then(([code]) => {
    clearInterval(heartbeat)
    return code as number
  })
  await once(socket, 'open')

  const send = (message: AgentMessage) => socket.send(JSON.stringify(message))
  const beat = () => send({ type: 'agent.heartbeat' })
  const received = <T extends GatewayMessage['type']>(type: T, is: (message: Of<T>) => boolean = () => true) =>
    waitFor(() => messages.find((message): message is Of<T> => message.type === type && is(message as Of<T>)))

  return {
    socket,
    messages,
    closed,
    send,
    received,
    beQuiet: () => clearInterval(heartbeat),
    hello: ({ name, services = [], attempts = [], accepts, probes }) => {
      send({
        type: 'agent.hello',
        protocol: PROTOCOL_VERSION,
        name,
        agent_version: 'test',
        services: services.map((service, index) => declare(service, index)),
        attempts,
        ...(accepts && { accepts }),
        ...(probes !== undefined && { probes })
      })
      return received('gateway.welcome')
    },
    put: (attemptId, { token, body, mediaType = 'image/png', result = {} }) =>
      fetch(`${gateway.url}/api/agent/attempts/${attemptId}/image`, {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': mediaType,
          [RESULT_HEADER]: typeof result === 'string' ? result : encodeAttemptResult(fillResult(result))
        },
        body,
        ...(body instanceof ReadableStream && { duplex: 'half' })
      } as RequestInit),
    close: async () => {
      socket.terminate()
      await closed
    }
  }
}

const fillResult = (result: Partial<AttemptResult>): AttemptResult => ({
  seed: 1,
  warnings: [],
  generating_ms: 5,
  ...result
})

const declare = (service: Partial<ServiceDeclaration>, index: number): ServiceDeclaration => ({
  name: `service-${index}`,
  type: 'image',
  engine: 'demo',
  concurrency: 1,
  timeout_ms: 20_000,
  access: 'members',
  models: [],
  ...service
})

/** The status with which the gateway refuses an upgrade; undefined when it accepts. */
export async function refusalOfUpgrade(gateway: {
  url: string
  key?: string
  path?: string
}): Promise<number | undefined> {
  const { url, key, path = '/api/agent/connect' } = gateway
  const socket = new WebSocket(url.replace(/^http/, 'ws') + path, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` }
  })
  socket.on('error', () => undefined)
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.terminate()
      resolve(undefined)
    })
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      socket.terminate()
      resolve(response.statusCode)
    })
  })
}
