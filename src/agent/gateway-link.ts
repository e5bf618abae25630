import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { inBackground, sleep } from '../lib/async.ts'
import type { Logger } from '../lib/logger.ts'
import { type AgentMessage, CLOSE_CODES, type GatewayMessage, readGatewayMessage } from '../protocol/messages.ts'
import { explainAnswer, explainClose, explainError, explainKey, notAGateway } from './explain-connection.ts'
import { Outage } from './outage.ts'
import { FIRST_PAUSE_MS, longerPause, varied } from './pauses.ts'

/** A task comes in one message with its prompt and extra fields, which the gateway's own limits bound. */
const MOST_ASSIGNED_BYTES = 64 * 1024 ** 2

const HANDSHAKE_WITHIN_MS = 10_000
/** A gateway with much to do may be slow to greet; what never does is none. */
const WELCOME_WITHIN_MS = 30_000
/** Of an answer that refuses the connection, which is looked at for who gave it. */
const MOST_REFUSAL_BYTES = 4096
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

type Ended = { code: number; wasOnline: boolean; why: string; isFinal: boolean }

/**
 * Keeps one WebSocket to the gateway: dials out, says hello, sends heartbeats, and dials again when it drops, with
 * backoff and jitter, for as long as it takes.
 */
export class GatewayLink {
  readonly #parts: GatewayLinkParts
  readonly #closing = new AbortController()
  #socket: WebSocket | undefined
  readonly #outage: Outage
  #dialAtOnce = false
  /** A gateway has been at this address: when it cannot be found now, a proxy says so while it restarts. */
  #foundOnce = false

  constructor(parts: GatewayLinkParts) {
    this.#parts = parts
    this.#outage = new Outage(parts.logger)
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
      if (ended.isFinal) throw new GatewayRefused(ended.why)
      if (ended.wasOnline) {
        pause = FIRST_PAUSE_MS
        this.#foundOnce = true
      }
      if (this.#dialAtOnce) {
        this.#dialAtOnce = false
        continue
      }
      await this.#waitBeforeDialling(ended, pause)
      pause = longerPause(pause)
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

  async #waitBeforeDialling({ code, why }: Ended, pause: number): Promise<void> {
    const ms = code === CLOSE_CODES.replaced ? REPLACED_PAUSE_MS : varied(pause)
    this.#outage.goesOn(why)
    this.#parts.logger.debug({ code, why, retryInMs: Math.round(ms) }, 'dialling again soon')
    await sleep(ms, this.#closing.signal).catch(() => undefined) // Aborted is how closing ends the wait.
  }

  #connectOnce(): Promise<Ended> {
    const { gateway, apiKey, hello, onMessage, logger } = this.#parts
    return new Promise((resolve) => {
      const socket = new WebSocket(`${gateway.replace(/^http/, 'ws')}/api/agent/connect`, {
        headers: { authorization: `Bearer ${apiKey}` },
        maxPayload: MOST_ASSIGNED_BYTES,
        handshakeTimeout: HANDSHAKE_WITHIN_MS
      })
      this.#socket = socket
      let wasOnline = false
      let wasOpen = false
      let refused: { text: string; isFinal: boolean } | undefined
      let failure: unknown
      let heartbeat: NodeJS.Timeout | undefined
      let tooLate: NodeJS.Timeout | undefined

      socket.on('open', () => {
        wasOpen = true
        this.send(hello())
        tooLate = setTimeout(() => {
          refused = { text: notAGateway(gateway), isFinal: false }
          socket.terminate()
        }, WELCOME_WITHIN_MS)
      })
      socket.on('unexpected-response', (_request, response) =>
        inBackground(
          this.#readRefusal(response).then((refusal) => {
            refused = refusal
            socket.terminate()
          }),
          (error) => logger.debug({ err: error }, 'a refusal could not be read')
        )
      )
      socket.on('message', (data) => {
        const { message, problem } = readGatewayMessage(String(data))
        if (!message) return logger.warn({ problem }, 'the gateway sent a message this agent does not understand')
        if (message.type === 'gateway.welcome') {
          wasOnline = true
          clearTimeout(tooLate)
          clearInterval(heartbeat)
          heartbeat = keepAlive(socket, message.heartbeat_ms, () => this.send({ type: 'agent.heartbeat' }))
          this.#outage.ends()
        }
        onMessage(message)
      })
      socket.on('error', (error) => {
        failure ??= error
        logger.debug({ err: error }, 'socket error')
      })
      socket.on('close', (code, reasonBytes) => {
        clearTimeout(tooLate)
        clearInterval(heartbeat)
        const reason = String(reasonBytes)
        // The gateway says why it will not have this agent.
        const isRefused = code === CLOSE_CODES.unauthorized || code === CLOSE_CODES.protocol
        const isKeyRefused = code === CLOSE_CODES.unauthorized
        const why = isRefused
          ? isKeyRefused
            ? explainKey(/^This API key /.test(reason) ? reason : undefined)
            : `The gateway refuses this agent: ${reason}.`
          : (refused?.text ?? (wasOpen ? explainClose(code, reason, gateway) : explainError(failure, gateway)))
        resolve({ code, wasOnline, why, isFinal: isRefused || refused?.isFinal === true })
      })
      if (this.#closing.signal.aborted) socket.close()
    })
  }

  async #readRefusal(response: IncomingMessage): Promise<{ text: string; isFinal: boolean }> {
    const { statusCode: status = 0, headers } = response
    const body = await beginningOf(response)
    const { location } = headers
    const { text, isFinal } = explainAnswer(
      { status, body, ...(location !== undefined && { location }) },
      this.#parts.gateway
    )
    return { text, isFinal: isFinal === 'yes' || (isFinal === 'unless-found' && !this.#foundOnce) }
  }
}

/** As much of an answer's body as is looked at, or comes in time. */
export async function beginningOf(response: IncomingMessage): Promise<string> {
  let text = ''
  const stop = setTimeout(() => response.destroy(), HANDSHAKE_WITHIN_MS)
  try {
    for await (const chunk of response.setEncoding('latin1')) {
      text += chunk as string
      if (text.length >= MOST_REFUSAL_BYTES) break
    }
  } catch {
    // It broke off: what came is enough, or there is nothing to know.
  }
  clearTimeout(stop)
  return Buffer.from(text.slice(0, MOST_REFUSAL_BYTES), 'latin1').toString('utf8')
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
