import { lookup as resolveHost } from 'node:dns/promises'
import { Agent, type Dispatcher, fetch as undiciFetch } from 'undici'
import { MEDIA_TYPE_BYTES, sniffMediaType } from '../../images/sniff-media-type.ts'
import { sleep } from '../../lib/async.ts'
import { checkedLookup, PrivateAddress } from '../../lib/checked-lookup.ts'
import { isPrivateAddress } from '../../lib/private-addresses.ts'
import { EngineError } from '../engine.ts'
import { judgeLink, type Link, privateLink } from './linked-image.ts'
import { readAddress, type UpstreamAddress } from './openai-address.ts'
import type { UpstreamAnswer } from './openai-fault.ts'
import type { MultipartBody } from './multipart-body.ts'
import { readRetryAfter } from './retry-after.ts'

/** Of an error answer no more is read than its sentence may need. */
const MAX_ERROR_BYTES = 64 * 1024
/** A made image is worth some more tries of its download, none of which makes it again. */
const DOWNLOAD_TRIES = 3
const FIRST_DOWNLOAD_PAUSE_MS = 250
const MOST_REDIRECTS = 3

export interface OpenAIHttpOptions {
  /** As `readAddress` takes it. */
  baseUrl: string
  apiKey?: string
  /** Sent with every call to the image server itself, by lower-case name. */
  headers?: Record<string, string>
  /** Other hosts, `host` or `host:port`, whose links to images are fetched, wherever they lie. */
  downloadFrom?: readonly string[]
  /** Default: undici's, without time limits of its own. */
  fetch?: Fetch
  maxImageBytes: number
}

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchedResponse>

interface FetchInit {
  method: 'GET' | 'POST'
  headers: Record<string, string>
  body?: string | Blob
  redirect: 'manual'
  signal: AbortSignal
}

interface FetchedResponse {
  ok: boolean
  status: number
  headers: { get(name: string): string | null }
  body: AsyncIterable<Uint8Array> | null
}

export interface Download {
  bytes: Buffer
  mediaType: string | null
}

/** One image server. Every method throws `EngineError`, or anything once its signal has aborted. */
export interface OpenAIHttp {
  /** `GET` below the base URL; any status is an answer, redirects included. */
  get(path: string, signal: AbortSignal): Promise<UpstreamAnswer>
  /** `POST` below the base URL; any status is an answer, redirects included. */
  post(path: string, body: string | MultipartBody, signal: AbortSignal): Promise<UpstreamAnswer>
  /**
   * The bytes behind a URL that the server gave, fetched as `judgeLink` says. A connection that breaks is tried again; what
   * cannot be had is `bad_output`, for the image was made.
   */
  download(url: string, signal: AbortSignal): Promise<Download>
  /** What must be told to nobody. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export function createOpenAIHttp(options: OpenAIHttpOptions): OpenAIHttp {
  const address = readAddress(options.baseUrl)
  const authorization = options.apiKey ? `Bearer ${options.apiKey}` : address.authorization
  const ownHeaders: Record<string, string> = { ...options.headers, ...(authorization && { authorization }) }
  // A slow GPU may need longer for an image than undici's 300 s: the caller's signal is the only time limit.
  // No keep-alive: a POST on a socket that the server is just closing fails and cannot be repeated safely, and idle
  // sockets occupy the few worker threads of small servers. No HTTP/2, where undici may send a POST twice.
  const patient = { headersTimeout: 0, bodyTimeout: 0, pipelining: 0, allowH2: false }
  const dispatcher = new Agent(patient)
  const publicOnly = new Agent({
    ...patient,
    connect: { lookup: checkedLookup((host) => resolveHost(host, { all: true }), isPrivateAddress) }
  })
  const fetchBy = (by: Dispatcher): Fetch =>
    options.fetch ?? ((url, init) => undiciFetch(url, { ...init, dispatcher: by }))
  const fetch = fetchBy(dispatcher)
  const links = { address, downloadFrom: options.downloadFrom ?? [] }

  const request = async (url: string, init: Omit<FetchInit, 'redirect'>): Promise<FetchedResponse> => {
    try {
      return await fetch(url, { ...init, headers: { ...ownHeaders, ...init.headers }, redirect: 'manual' })
    } catch (cause) {
      // Once a call has arrived, the server may have worked on it, or died of it.
      if (init.method === 'POST' && !neverArrived(cause)) {
        throw new EngineError('crashed', "The provider's image server closed the connection without an answer.", {
          cause
        })
      }
      throw new EngineError('unreachable', "The provider's image server cannot be reached.", { cause })
    }
  }
  // Base64 is a third longer than the image; the rest is room for line breaks and other members.
  const maxAnswerBytes = Math.ceil(options.maxImageBytes * 1.4) + 1024 * 1024
  const answerOf = async (response: FetchedResponse): Promise<UpstreamAnswer> => {
    const { status } = response
    if (!response.ok) {
      const retryAfterMs = readRetryAfter(response.headers, Date.now())
      const body = (await readStart(response, MAX_ERROR_BYTES)).bytes.toString()
      return { status, body, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    }
    const bytes = await readAll(response, maxAnswerBytes)
    const isImage = bytes.length >= MEDIA_TYPE_BYTES && sniffMediaType(bytes) !== undefined
    return isImage ? { status, body: '', image: bytes } : { status, body: bytes.toString() }
  }

  const openLink = async ({ url, reach }: Link, signal: AbortSignal): Promise<FetchedResponse> => {
    const fetchLink = reach === 'public' ? fetchBy(publicOnly) : fetch
    try {
      const headers = reach === 'own' ? ownHeaders : {}
      return await fetchLink(url, { method: 'GET', headers, redirect: 'manual', signal })
    } catch (cause) {
      throw isPrivate(cause) ? privateLink() : new BrokenDownload(undefined, { cause })
    }
  }
  const fetchLinked = async (url: string, signal: AbortSignal): Promise<Download> => {
    let link = judgeLink(url, address.urlOf('/'), links)
    let response = await openLink(link, signal)
    for (let redirects = 0; isRedirect(response) && redirects < MOST_REDIRECTS; redirects += 1) {
      await readStart(response, 0)
      // A host is judged anew wherever it is led to: a public one may point into the owner's network.
      link = judgeLink(response.headers.get('location') ?? '', link.url, links)
      response = await openLink(link, signal)
    }
    if (!response.ok) {
      await readStart(response, 0)
      throw new EngineError('bad_output', 'The image server linked to an image that it does not give.')
    }
    const { bytes, complete } = await readStart(response, options.maxImageBytes).catch((cause: unknown) => {
      throw new BrokenDownload(undefined, { cause })
    })
    if (!complete) throw tooManyBytes()
    return { bytes, mediaType: response.headers.get('content-type') }
  }

  return {
    get: async (path, signal) => answerOf(await request(address.urlOf(path), { method: 'GET', headers: {}, signal })),
    post: async (path, body, signal) => {
      const content = typeof body === 'string' ? { mediaType: 'application/json', body } : body
      const headers = { 'content-type': content.mediaType }
      return answerOf(await request(address.urlOf(path), { method: 'POST', headers, body: content.body, signal }))
    },
    download: async (url, signal) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await fetchLinked(url, signal)
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof BrokenDownload)) throw error
          if (tries === DOWNLOAD_TRIES) {
            throw new EngineError('bad_output', 'The image that the image server linked to could not be fetched.', {
              cause: error
            })
          }
          await sleep(FIRST_DOWNLOAD_PAUSE_MS * 2 ** (tries - 1), signal)
        }
      }
    },
    secrets: secretsOf(options, address),
    close: async () => {
      await Promise.all([dispatcher.destroy(), publicOnly.destroy()])
    }
  }
}

/** Of connections that were never made: refused, no such host or route, no answer in time, a certificate. */
const CONNECT_CODES =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_\w+|ERR_SSL_\w+|EPROTO|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/

const neverArrived = (thrown: unknown): boolean => {
  const { code, cause } = (thrown ?? {}) as { code?: unknown; cause?: unknown }
  return (typeof code === 'string' && CONNECT_CODES.test(code)) || (cause !== undefined && neverArrived(cause))
}

/** Shorter ones could be part of any word. */
const SHORTEST_SECRET = 4

const secretsOf = ({ apiKey, headers = {} }: OpenAIHttpOptions, address: UpstreamAddress): string[] =>
  [apiKey ?? '', ...Object.values(headers), ...address.secrets].filter((secret) => secret.length >= SHORTEST_SECRET)

/** The connection of a download that may go better the next time. */
class BrokenDownload extends Error {}

const isRedirect = ({ status, headers }: FetchedResponse): boolean =>
  status >= 300 && status < 400 && headers.get('location') !== null

const isPrivate = (thrown: unknown): boolean =>
  thrown instanceof PrivateAddress || (thrown instanceof Error && thrown.cause !== undefined && isPrivate(thrown.cause))

const tooManyBytes = (): EngineError =>
  new EngineError('bad_output', 'The image server sent more bytes than an image may have.')

async function readAll(response: FetchedResponse, maxBytes: number): Promise<Buffer> {
  const { bytes, complete } = await readStart(response, maxBytes)
  if (!complete) throw tooManyBytes()
  return bytes
}

/** At most `maxBytes`, whole chunks; the rest is not read. */
async function readStart(response: FetchedResponse, maxBytes: number): Promise<{ bytes: Buffer; complete: boolean }> {
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
