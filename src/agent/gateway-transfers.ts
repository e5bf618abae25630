import type { ClientRequest } from 'node:http'
import type { LookupFunction } from 'node:net'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { EngineError } from '../engines/engine.ts'
import { clampCount } from '../lib/bounds.ts'
import { sleep, toError } from '../lib/async.ts'
import { lengthOf } from '../lib/length-of.ts'
import { httpRequest } from '../lib/node-http.ts'
import { readAfterReset } from '../lib/read-after-reset.ts'
import { SharedReadAgent } from '../lib/shared-read-agent.ts'
import { FIRST_PAUSE_MS, longerPause, varied } from './pauses.ts'
import { readAnswer } from './read-answer.ts'

const LONGEST_SILENCE_MS = 600_000

/** How patient an agent is with the bytes between it and the gateway. */
export interface TransferPatience {
  /** For how long nothing may move, either way, before a transfer is given up and begun again. */
  silenceMs: number
  /** The same for those that were open while the agent had to connect anew: their flows may have died with that connection. */
  doubtfulSilenceMs: number
}

export const TRANSFER_PATIENCE: TransferPatience = { silenceMs: 30_000, doubtfulSilenceMs: 5000 }

export interface Transfer {
  method: 'GET' | 'PUT' | 'POST'
  url: string
  headers: Record<string, string>
  /** In pieces, which are not copied. */
  body?: readonly Uint8Array[]
  /** Default: the operating system's. */
  lookup?: LookupFunction
  maxAnswerBytes: number
  signal: AbortSignal
}

export interface Answer {
  status: number
  bytes: Buffer
  /** All of the body had left this process before the answer was whole: nothing reads it any more. */
  isSent: boolean
}

/**
 * Whether a status below 500 is the gateway's word on what was sent. Proxies ask for patience with some, and say 404 while the
 * gateway behind them restarts; its own names its code.
 */
export const isRefusal = ({ status, bytes }: Pick<Answer, 'status' | 'bytes'>): boolean =>
  status >= 400 &&
  status < 500 &&
  ![408, 425, 429].includes(status) &&
  (status !== 404 || bytes.includes('"not_found"'))

/** Nothing has moved for too long: the other side may have gone without a word. */
class FellSilent extends Error {}

/**
 * Moves source images and results between this agent and its gateway. A flow may die without either end hearing of it (an
 * address translator forgets it, the machine's address changes), so whatever stands still is ended and tried again.
 */
export class GatewayTransfers {
  readonly #patience: TransferPatience
  readonly #pools = { 'http:': new SharedReadAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) }
  readonly #open = new Set<ClientRequest>()

  constructor(patience: Partial<TransferPatience> = {}) {
    this.#patience = { ...TRANSFER_PATIENCE, ...patience }
  }

  /**
   * Tries a transfer again, after pauses that grow, until `read` makes something of the answer; it is given undefined when
   * there was no whole one. Redirects are answers like others and not followed: the lease token is for this gateway alone.
   * Throws what `read` throws, `EngineError` when more than `maxAnswerBytes` come, and what the signal aborts with.
   */
  async repeat<T>(transfer: Transfer, read: (answer: Answer | undefined) => T | undefined): Promise<T> {
    let { silenceMs } = this.#patience
    for (let pause = FIRST_PAUSE_MS; ; pause = longerPause(pause)) {
      const answer = await this.#send(transfer, silenceMs).catch((error: unknown) => {
        if (transfer.signal.aborted) throw toError(transfer.signal.reason)
        if (error instanceof EngineError) throw error
        // It may have been the line: what it still holds of a large image takes its time, and no one tells how far it is.
        if (error instanceof FellSilent) silenceMs = Math.min(silenceMs * 2, LONGEST_SILENCE_MS)
        return undefined // No connection, or one that broke: the next try tells.
      })
      const result = read(answer)
      if (result !== undefined) return result
      await sleep(varied(pause), transfer.signal)
    }
  }

  /** Tries a transfer once: undefined when there was no whole answer. Throws what the signal aborts with. */
  async once(transfer: Transfer): Promise<Answer | undefined> {
    try {
      // No later try makes up for what the line still held, as above.
      return await this.#send(transfer, this.#patience.silenceMs * 2)
    } catch {
      if (transfer.signal.aborted) throw toError(transfer.signal.reason)
      return undefined // Whoever tries once has another way.
    }
  }

  /** After a connection to the gateway was lost and made anew: what was open meanwhile has to show soon that it still moves. */
  doubtOpen(): void {
    this.#dropIdle()
    for (const { socket } of this.#open) {
      const { doubtfulSilenceMs, silenceMs } = this.#patience
      socket?.setTimeout(Math.min(doubtfulSilenceMs, silenceMs))
    }
  }

  /** Lets go of connections; what is still open ends. */
  close(): void {
    for (const pool of Object.values(this.#pools)) pool.destroy()
  }

  #send({ method, url, headers, body, lookup, maxAnswerBytes, signal }: Transfer, silenceMs: number): Promise<Answer> {
    const isSecure = url.startsWith('https:')
    return new Promise((resolve, reject) => {
      const call = (isSecure ? httpsRequest : httpRequest)(url, {
        method,
        headers: {
          ...headers,
          // Bytes are counted as they come.
          'accept-encoding': 'identity',
          ...(body && { 'content-length': lengthOf(body) })
        },
        ...(lookup && { lookup }),
        agent: this.#pools[isSecure ? 'https:' : 'http:'],
        // Of the socket, so that it runs anew with everything that moves in either direction, and while connecting.
        timeout: silenceMs,
        signal
      })
      this.#open.add(call)
      call.on('close', () => this.#open.delete(call))
      call.on('timeout', () => {
        // Connections that are kept for later use may have died in the same way.
        this.#dropIdle()
        call.destroy(new FellSilent())
      })
      if (body) call.on('socket', readAfterReset)
      call.on('error', reject)
      call.on('response', (response) => {
        const whole = readAnswer(response, {
          maxBytes: maxAnswerBytes,
          expected: clampCount(Number(response.headers['content-length']), maxAnswerBytes)
        })
        whole.then(
          (bytes) =>
            resolve({
              status: response.statusCode ?? 0,
              bytes,
              isSent: call.writableFinished && call.socket?.destroyed === false
            }),
          (error: unknown) => {
            reject(toError(error))
            call.destroy()
          }
        )
      })
      for (const piece of body ?? []) call.write(piece)
      call.end()
    })
  }

  #dropIdle(): void {
    for (const pool of Object.values(this.#pools)) {
      for (const socket of Object.values(pool.freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy()
    }
  }
}
