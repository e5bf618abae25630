import { Agent } from 'undici'
import { MEDIA_TYPE_BYTES, sniffMediaType } from '../images/sniff-media-type.ts'
import { EngineError } from './engine.ts'
import { type Fetch, type FetchedResponse, type FetchInit, fetchThrough } from './light-fetch.ts'
import { readRetryAfter } from './retry-after.ts'
import { readAddress, type UpstreamAddress } from './upstream-address.ts'

/** Of an error answer no more is read than its sentence may need. */
const MAX_ERROR_BYTES = 64 * 1024

export interface UpstreamHttpOptions {
  /** As `readAddress` takes it. */
  baseUrl: string
  apiKey?: string
  /** Sent with every call to the image server itself, by lower-case name. */
  headers?: Record<string, string>
  /** In place of a key: a token that changes. */
  bearer?: () => string | undefined
  /** Default: undici's, without time limits of its own. */
  fetch?: Fetch
  maxImageBytes: number
}

export interface UpstreamAnswer {
  status: number
  /** Empty when the body is an image. */
  body: string
  /** The body of a success that is an image by its content. */
  image?: Buffer
  /** For how long the server asks to be left alone. */
  retryAfterMs?: number
}

/** One image server. Every method throws `EngineError`, or anything once its signal has aborted. */
export interface UpstreamHttp {
  readonly address: UpstreamAddress
  /** With which every call to the image server itself goes. */
  readonly ownHeaders: Record<string, string>
  /** For links, which may lead elsewhere: without those headers. */
  readonly fetch: Fetch
  /** `GET` below the root; any status is an answer, redirects included. */
  get(path: string, signal: AbortSignal, limits?: AnswerLimits): Promise<UpstreamAnswer>
  /** `POST` below the root, of JSON when the body is text; any status is an answer, redirects included. */
  post(path: string, body: string | TypedBody, signal: AbortSignal, limits?: AnswerLimits): Promise<UpstreamAnswer>
  /** Below the root, without a body; any status is an answer, redirects included. */
  send(method: 'PUT' | 'DELETE', path: string, signal: AbortSignal, limits?: AnswerLimits): Promise<UpstreamAnswer>
  /** The picture that lies there; throws `crashed` when the server goes away first, `bad_output` when there is none or a larger one. */
  downloadPicture(path: string, signal: AbortSignal): Promise<Buffer>
  /** What must be told to nobody. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export interface TypedBody {
  mediaType: string
  body: Blob
}

export interface AnswerLimits {
  /** Of a success; default: as much as an image in base64 needs. */
  maxBytes?: number
  /** Reads a success that the server announces as events, in place of whoever reads all of it. */
  readEvents?: (body: AsyncIterable<Uint8Array>) => Promise<UpstreamAnswer>
}

/**
 * For every connection to image servers. A slow GPU may need longer for an image than undici's 300 s: the caller's signal
 * is the only time limit. No keep-alive: a POST on a socket that the server is just closing fails and cannot be repeated
 * safely, and idle sockets occupy the few worker threads of small servers. No HTTP/2, where undici may send a POST twice.
 */
export const PATIENT = { headersTimeout: 0, bodyTimeout: 0, pipelining: 0, allowH2: false } as const

/** Base64 is a third longer than the image; the rest is room for line breaks and other members. */
export const base64AnswerBytes = (maxImageBytes: number): number => Math.ceil(maxImageBytes * 1.4) + 1024 * 1024

/** `usualRoot` is where the API lies below a `baseUrl` without a path. */
export function createUpstreamHttp(options: UpstreamHttpOptions, usualRoot: string): UpstreamHttp {
  const address = readAddress(options.baseUrl, usualRoot)
  const authorization = options.apiKey ? `Bearer ${options.apiKey}` : address.authorization
  const ownHeaders: Record<string, string> = { ...options.headers, ...(authorization && { authorization }) }
  const dispatcher = new Agent(PATIENT)
  const fetch: Fetch = options.fetch ?? fetchThrough(dispatcher)

  const request = async (url: string, init: Omit<FetchInit, 'redirect'>): Promise<FetchedResponse> => {
    const token = options.bearer?.()
    const headers = { ...ownHeaders, ...(token !== undefined && { authorization: `Bearer ${token}` }), ...init.headers }
    try {
      return await fetch(url, { ...init, headers, redirect: 'manual' })
    } catch (cause) {
      // Once a call has arrived, the server may have worked on it, or died of it.
      if (init.method === 'POST' && !neverArrived(cause)) {
        throw new EngineError('crashed', 'The image server closed the connection without an answer.', {
          cause
        })
      }
      throw new EngineError('unreachable', 'The image server cannot be reached.', { cause })
    }
  }
  const answerOf = async (response: FetchedResponse, limits: AnswerLimits): Promise<UpstreamAnswer> => {
    const { status } = response
    if (!response.ok) {
      const retryAfterMs = readRetryAfter(response.headers, Date.now())
      const body = (await readStart(response, MAX_ERROR_BYTES)).bytes.toString()
      return { status, body, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    }
    const mediaType = response.headers.get('content-type') ?? ''
    if (limits.readEvents && response.body && /^text\/event-stream\b/i.test(mediaType))
      return limits.readEvents(response.body)
    const bytes = await readAll(response, limits.maxBytes ?? base64AnswerBytes(options.maxImageBytes))
    const isImage = bytes.length >= MEDIA_TYPE_BYTES && sniffMediaType(bytes) !== undefined
    return isImage ? { status, body: '', image: bytes } : { status, body: bytes.toString() }
  }

  return {
    address,
    ownHeaders,
    fetch,
    get: async (path, signal, limits = {}) =>
      answerOf(await request(address.urlOf(path), { method: 'GET', headers: {}, signal }), limits),
    post: async (path, body, signal, limits = {}) => {
      const content = typeof body === 'string' ? { mediaType: 'application/json', body } : body
      const headers = { 'content-type': content.mediaType }
      return answerOf(
        await request(address.urlOf(path), { method: 'POST', headers, body: content.body, signal }),
        limits
      )
    },
    send: async (method, path, signal, limits = {}) =>
      answerOf(await request(address.urlOf(path), { method, headers: {}, signal }), limits),
    downloadPicture: async (path, signal) => {
      const response = await request(address.urlOf(path), { method: 'GET', headers: {}, signal }).catch(
        (cause: unknown) => {
          throw new EngineError('crashed', 'The image server went away before its picture was fetched.', { cause })
        }
      )
      const { bytes, complete } = await readStart(response, options.maxImageBytes)
      if (!response.ok) {
        throw new EngineError(
          'bad_output',
          `The image server does not give its picture away (HTTP ${response.status}).`
        )
      }
      if (!complete) throw tooManyBytes()
      return bytes
    },
    secrets: secretsOf(options, address),
    close: () => dispatcher.destroy()
  }
}

/** Codes of connections that were never made: refused, no such host or route, no answer in time, a certificate. */
const CONNECT_CODES =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_\w+|ERR_SSL_\w+|EPROTO|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/

const neverArrived = (thrown: unknown): boolean => {
  const { code, cause } = (thrown ?? {}) as { code?: unknown; cause?: unknown }
  return (typeof code === 'string' && CONNECT_CODES.test(code)) || (cause !== undefined && neverArrived(cause))
}

/** Shorter ones could be part of any word. */
const SHORTEST_SECRET = 4

const secretsOf = ({ apiKey, headers = {} }: UpstreamHttpOptions, address: UpstreamAddress): string[] =>
  [apiKey ?? '', ...Object.values(headers), ...address.secrets].filter((secret) => secret.length >= SHORTEST_SECRET)

export const tooManyBytes = (): EngineError =>
  new EngineError('bad_output', 'The image server sent more bytes than an image may have.')

async function readAll(response: FetchedResponse, maxBytes: number): Promise<Buffer> {
  const { bytes, complete } = await readStart(response, maxBytes)
  if (!complete) throw tooManyBytes()
  return bytes
}

/** At most `maxBytes`, whole chunks; the rest is not read. */
export async function readStart(
  response: FetchedResponse,
  maxBytes: number
): Promise<{ bytes: Buffer; complete: boolean }> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength
      if (size > maxBytes) break
      chunks.push(chunk)
    }
  } catch (cause) {
    // Of a success the work was done, and what cut it off once (a proxy's limit, say) may well do so again.
    const fault = response.ok ? 'bad_output' : 'crashed'
    throw new EngineError(fault, 'The image server closed the connection in the middle of its answer.', { cause })
  }
  return { bytes: Buffer.concat(chunks), complete: size <= maxBytes }
}
