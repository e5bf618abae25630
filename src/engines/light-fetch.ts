import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { codingsOf, DECODERS } from '../lib/content-codings.ts'
import { lengthOf } from '../lib/length-of.ts'
import { httpRequest } from '../lib/node-http.ts'
import { readAfterReset } from '../lib/read-after-reset.ts'
import { SharedReadAgent } from '../lib/shared-read-agent.ts'
import { VERSION } from '../lib/version.ts'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchedResponse>

export interface FetchInit {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  headers: Record<string, string>
  /** Text, or bytes in pieces, which are not copied. */
  body?: string | readonly Uint8Array[]
  redirect: 'manual'
  signal: AbortSignal
}

export interface FetchedResponse {
  ok: boolean
  status: number
  headers: { get(name: string): string | null }
  body: Readable
}

const OWN_HEADERS = {
  accept: '*/*',
  // Images do not get smaller by it.
  'accept-encoding': 'identity',
  'user-agent': `inference-club/${VERSION}`
}

const CONNECT_WITHIN_MS = 10_000

export interface Connections {
  /** Rejects with the error of the connection itself, and with the signal's reason. */
  fetch: Fetch
  /** Ends all calls. */
  close(): void
}

export interface ConnectionRules {
  /** Default: the operating system's. */
  lookup?: LookupFunction
  /** At a time, to one host; default: no limit. */
  most?: number
  /** How long one may take to be made; what comes then has no limit but the caller's signal. Default: 10,000. */
  connectWithinMs?: number
}

/**
 * The part of `fetch` that is used, made of Node's HTTP/1.1: a connection for each call, without time limits once it is made. Node's
 * `fetch` gives up after 300 s, and takes three times the CPU.
 */
export function openConnections({
  lookup,
  most = Infinity,
  connectWithinMs = CONNECT_WITHIN_MS
}: ConnectionRules = {}): Connections {
  const agents = { 'http:': new SharedReadAgent({ maxSockets: most }), 'https:': new HttpsAgent({ maxSockets: most }) }
  const open = new Set<(reason: Error) => void>()
  const fetch: Fetch = (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const isSecure = url.startsWith('https:')
      const pieces = typeof body === 'object' ? body : undefined
      const sentHeaders = { ...OWN_HEADERS, ...(pieces && { 'content-length': lengthOf(pieces) }), ...headers }
      const call = (isSecure ? httpsRequest : httpRequest)(url, {
        method,
        headers: sentHeaders,
        agent: agents[isSecure ? 'https:' : 'http:'],
        ...(lookup && { lookup }),
        timeout: connectWithinMs
      })
      let response: IncomingMessage | undefined
      // Also of a call that waits for its turn, of which Node tells nothing.
      const stop = (reason: Error) => {
        reject(reason)
        ;(response ?? call).destroy(reason)
      }
      const onAbort = () => stop(signal.reason as Error)
      open.add(stop)
      signal.addEventListener('abort', onAbort)
      call.on('close', () => {
        open.delete(stop)
        signal.removeEventListener('abort', onAbort)
        // Of another protocol, say, which Node drops without a word.
        if (!response) reject(new Error('The connection ended without an answer.'))
      })
      call.on('socket', (socket) => {
        if (body !== undefined) readAfterReset(socket)
        socket.once(isSecure ? 'secureConnect' : 'connect', () => socket.setTimeout(0))
      })
      call.on('timeout', () => call.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })))
      call.on('error', reject)
      call.on('response', (answer) => {
        response = answer
        // Whoever reads hears of it; nobody has to read.
        answer.on('error', () => undefined)
        // Of a body that is still being sent nobody reads the rest.
        answer.on('end', () => call.destroy())
        resolve(fetched(answer))
      })
      if (pieces) pipeline(Readable.from(inSteps(pieces)), call, () => undefined)
      else call.end(body)
    })
  return {
    fetch,
    close: () => {
      for (const stop of open) stop(new Error('The connections are closed.'))
    }
  }
}

/** As many bytes as are written at a time: of a connection that is encrypted there is a copy. */
const STEP_BYTES = 256 * 1024

function* inSteps(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.byteLength; at += STEP_BYTES) yield piece.subarray(at, at + STEP_BYTES)
  }
}

function fetched(answer: IncomingMessage): FetchedResponse {
  const { statusCode: status = 0, headers } = answer
  const header = (name: string) => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : (value ?? null)
  }
  // Servers name a coding even of nothing, which no decoder takes.
  const hasBody = status !== 204 && header('content-length') !== '0'
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: header },
    body: hasBody ? decoded(answer, header('content-encoding') ?? '') : answer
  }
}

/** What some proxies encode though nobody asked for it. Encoded more than once it stays: each decoder takes memory. */
function decoded(body: Readable, encoding: string): Readable {
  const [coding = '', ...others] = codingsOf(encoding)
  const decoder = others.length === 0 ? DECODERS.get(coding)?.() : undefined
  if (!decoder) return body
  // Whoever reads hears of an end that is missing, and has the connection closed by reading no further.
  pipeline(body, decoder, () => undefined)
  return decoder
}
