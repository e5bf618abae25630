import { WebSocket } from 'ws'
import { sleep, withJitter } from '../lib/async.ts'
import type { Logger } from '../lib/logger.ts'
import { type AgentMessage, CLOSE_CODES, type GatewayMessage, readGatewayMessage } from '../protocol/messages.ts'

/** A task comes in one message with its prompt and extra fields, which the gateway's own limits bound. */
const MOST_ASSIGNED_BYTES = 64 * 1024 ** 2

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000
/** A replaced agent waits this long, so that two of one name do not chase each other. */
const REPLACED_PAUSE_MS = 30_000

/** The gateway will not have this agent, and trying again cannot help. */
export class GatewayRefused extends Error {}

export interface GatewayLinkParts {
  /** Without a slash at its end. */
  gateway: string
  apiKey: string
  hello: () => AgentMessage
  onMessage: (message: GatewayMessage) => void
  logger: Logger
}

type Ended = { code: number; wasOnline: boolean; refused?: string }

/**
 * Keeps one WebSocket to the gateway: dials out, says hello, sends heartbeats, and dials again when it drops, with
 * backoff and jitter, for as long as it takes.
 */
export class GatewayLink {
  readonly #parts: GatewayLinkParts
  readonly #closing = new AbortController()
  #socket: WebSocket | undefined
  #dialAtOnce = false
  /** It was there: if it cannot be found now, it is a proxy that says so while it restarts. */
  #foundOnce = false

  constructor(parts: GatewayLinkParts) {
    this.#parts = parts
  }

  /** False when the socket is not open: the message went nowhere, and the next hello has to make up for it. */
  send(message: AgentMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(JSON.stringify(message))
    return true
  }

  /** Runs until closed. Rejects with `GatewayRefused`. */
  async run(): Promise<void> {
    let pause = FIRST_PAUSE_MS
    while (!this.#closing.signal.aborted) {
      const ended = await this.#connectOnce()
      if (this.#closing.signal.aborted) return
      if (ended.refused !== undefined) throw new GatewayRefused(ended.refused)
      if (ended.wasOnline) {
        pause = FIRST_PAUSE_MS
        this.#foundOnce = true
      }
      if (this.#dialAtOnce) {
        this.#dialAtOnce = false
        continue
      }
      await this.#waitBeforeDialling(ended, pause)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }

  /** Says hello anew on a fresh connection, as after a change of configuration. */
  reconnect(): void {
    this.#dialAtOnce = true
    this.#socket?.close(1000, 'reconnecting')
  }

  close(): void {
    this.#closing.abort()
    this.#socket?.close(CLOSE_CODES.leaving, 'the agent stops')
  }

  async #waitBeforeDialling(ended: Ended, pause: number): Promise<void> {
    const replaced = ended.code === CLOSE_CODES.replaced
    const ms = replaced ? REPLACED_PAUSE_MS : withJitter(pause, 0.3)
    const why = replaced ? 'another agent with this key and name took over' : 'the connection to the gateway ended'
    this.#parts.logger.warn({ code: ended.code, retryInMs: Math.round(ms) }, why)
    await sleep(ms, this.#closing.signal).catch(() => undefined) // Aborted is how closing ends the wait.
  }

  #connectOnce(): Promise<Ended> {
    const { gateway, apiKey, hello, onMessage, logger } = this.#parts
    return new Promise((resolve) => {
      const socket = new WebSocket(`${gateway.replace(/^http/, 'ws')}/api/agent/connect`, {
        headers: { authorization: `Bearer ${apiKey}` },
        maxPayload: MOST_ASSIGNED_BYTES,
        handshakeTimeout: 10_000
      })
      this.#socket = socket
      let wasOnline = false
      let refused: string | undefined
      let heartbeat: NodeJS.Timeout | undefined

      socket.on('open', () => this.send(hello()))
      socket.on('unexpected-response', (_request, response) => {
        const status = response.statusCode ?? 0
        if ((status !== 404 && status !== 426) || !this.#foundOnce) refused = refusalOf(status)
        response.resume()
        socket.terminate()
      })
      socket.on('message', (data) => {
        const { message, problem } = readGatewayMessage(String(data))
        if (!message) return logger.warn({ problem }, 'the gateway sent a message this agent does not understand')
        if (message.type === 'gateway.welcome') {
          wasOnline = true
          clearInterval(heartbeat)
          heartbeat = keepAlive(socket, message.heartbeat_ms, () => this.send({ type: 'agent.heartbeat' }))
        }
        onMessage(message)
      })
      socket.on('error', (error) => logger.debug({ err: error }, 'socket error'))
      socket.on('close', (code, reason) => {
        clearInterval(heartbeat)
        if (code === CLOSE_CODES.unauthorized || code === CLOSE_CODES.protocol) refused ??= String(reason)
        resolve({ code, wasOnline, ...(refused !== undefined && { refused }) })
      })
      if (this.#closing.signal.aborted) socket.close()
    })
  }
}

/** Sends heartbeats, and drops a socket whose other side no longer answers. */
function keepAlive(socket: WebSocket, everyMs: number, beat: () => void): NodeJS.Timeout {
  let unanswered = 0
  socket.on('pong', () => {
    unanswered = 0
  })
  return setInterval(() => {
    if (unanswered >= 2) return socket.terminate()
    unanswered += 1
    beat()
    socket.ping()
  }, everyMs)
}

function refusalOf(status: number): string | undefined {
  if (status === 401) return 'The gateway refused the API key: it is unknown, expired or revoked.'
  if (status === 403) return 'The gateway refused the API key: it may not run an agent.'
  if (status === 404) return 'There is no inference.club gateway at this address.'
  if (status === 426) return 'A proxy in front of the gateway does not pass WebSocket connections on.'
  return undefined
}
