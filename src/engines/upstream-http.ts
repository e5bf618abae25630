import { MEDIA_TYPE_BYTES, sniffMediaType } from '../images/sniff-media-type.ts'
import { readPieces } from '../lib/read-pieces.ts'
import { EngineError } from './engine.ts'
import { GrowingBytes } from './growing-bytes.ts'
import { AnswerLifter, type LiftedPictures } from './lifted-pictures.ts'
import { type Fetch, type FetchedResponse, type FetchInit, openConnections } from './light-fetch.ts'
import { type SentAccess, sentAccess } from './not-let-in.ts'
import { faultOfLate, faultOfProxy, isLate } from './proxy-fault.ts'
import { readRetryAfter } from './retry-after.ts'
import { readAddress, type UpstreamAddress } from './upstream-address.ts'

/** Of an error answer no more is read than its sentence may need. */
const MAX_ERROR_BYTES = 64 * 1024
/** A server that is there answers a question at once. */
const LOOK_WITHIN_MS = 5000

export interface UpstreamHttpOptions {
  /** As `readAddress` takes it. */
  baseUrl: string
  apiKey?: string
  /** Sent with every call to the image server itself, by lower-case name. */
  headers?: Record<string, string>
  /** In place of a key: a token that changes. */
  bearer?: () => string | undefined
  /** Default: Node's HTTP, without time limits of its own. */
  fetch?: Fetch
  maxImageBytes: number
}

export interface UpstreamAnswer {
  status: number
  /** Empty when the body is an image. */
  body: string
  /** Those whose base64 was in the body, which has something short in their place. */
  pictures?: LiftedPictures
  /** The body of a success that is an image by its content. */
  image?: Buffer
  /** For how long the server asks to be left alone. */
  retryAfterMs?: number
  /** Of what is no success: by what the server was asked to let in. Absent: by nothing. */
  sent?: SentAccess
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
  /** Its pieces, one after the other. */
  body: readonly Uint8Array[]
}

export interface AnswerLimits {
  /** Sent with a question, beside those of every call. */
  headers?: Record<string, string>
  /** Of a success; default: as much as an image in base64 needs. */
  maxBytes?: number
  /** Decodes the pictures in a success while it comes; lists of thousands of names are read faster without. */
  liftsPictures?: boolean
  /** A web page is taken for an answer: servers give theirs to whoever asks for a path that they do not have. */
  mayBePage?: boolean
  /** The server itself redirects whom it does not let in. */
  mayRedirect?: boolean
  /** Reads a success that the server announces as events, in place of whoever reads all of it. */
  readEvents?: (body: AsyncIterable<Uint8Array>) => Promise<UpstreamAnswer>
}

/** Base64 is a third longer than the image; the rest is room for line breaks and other members. */
export const base64AnswerBytes = (maxImageBytes: number): number => Math.ceil(maxImageBytes * 1.4) + 1024 * 1024

/** `usualRoot` is where the API lies below a `baseUrl` without a path. */
export function createUpstreamHttp(options: UpstreamHttpOptions, usualRoot: string): UpstreamHttp {
  const address = readAddress(options.baseUrl, usualRoot)
  const authorization = options.apiKey ? `Bearer ${options.apiKey}` : address.authorization
  const ownHeaders: Record<string, string> = { ...options.headers, ...(authorization && { authorization }) }
  const connections = openConnections()
  const fetch: Fetch = options.fetch ?? connections.fetch

  const headersNow = (): Record<string, string> => {
    const token = options.bearer?.()
    return { ...ownHeaders, ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  }
  const request = async (
    url: string,
    init: Omit<FetchInit, 'redirect'>,
    headers = headersNow()
  ): Promise<FetchedResponse> => {
    try {
      return await fetch(url, { ...init, headers: { ...headers, ...init.headers }, redirect: 'manual' })
    } catch (cause) {
      // Once a call has arrived, the server may have worked on it, or died of it.
      if (init.method === 'POST' && !neverArrived(cause)) {
        throw new EngineError('crashed', 'The image server closed the connection without an answer.', {
          cause,
          isSilence: true
        })
      }
      throw new EngineError('unreachable', 'The image server cannot be reached.', { cause })
    }
  }
  const ask = async (url: string, init: Omit<FetchInit, 'redirect'>, limits: AnswerLimits): Promise<UpstreamAnswer> => {
    const headers = headersNow()
    const began = performance.now()
    const response = await request(url, init, headers)
    const mayHaveBegun = init.method === 'POST' && isLate(performance.now() - began)
    const answer = await answerOf(response, headers, limits)
    const password = passwordAskedBy(response, headers)
    const { mayBePage, mayRedirect } = limits
    const fault = faultOfProxy({ ...answer, password, mayBePage, mayRedirect })
    if (!fault) return answer
    // A proxy may say the same of a server that takes too long, or dies, as of one that is off, after it has waited for it.
    if (!mayHaveBegun || !(await answersNow(init.signal))) throw fault
    const late = faultOfLate(answer)
    if (late) throw late
    return answer
  }
  const answersNow = async (signal: AbortSignal): Promise<boolean> => {
    const within = AbortSignal.any([signal, AbortSignal.timeout(LOOK_WITHIN_MS)])
    try {
      const response = await request(address.urlOf('/'), { method: 'GET', headers: {}, signal: within })
      const body = (await readStart(response, MAX_ERROR_BYTES)).bytes.toString()
      return faultOfProxy({ status: response.status, body, mayBePage: true, mayRedirect: true }) === undefined
    } catch {
      signal.throwIfAborted()
      return false // Nobody is there, or has the time.
    }
  }
  const answerOf = async (
    response: FetchedResponse,
    headers: Record<string, string>,
    limits: AnswerLimits
  ): Promise<UpstreamAnswer> => {
    const { status } = response
    if (!response.ok) {
      const retryAfterMs = readRetryAfter(response.headers, Date.now())
      const body = (await readStart(response, MAX_ERROR_BYTES)).bytes.toString()
      const sent = sentAccess(headers, options.baseUrl)
      return { status, body, sent, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    }
    const mediaType = response.headers.get('content-type') ?? ''
    if (limits.readEvents && /^text\/event-stream\b/i.test(mediaType)) return limits.readEvents(response.body)
    const answer = new AnswerBody({
      maxImageBytes: options.maxImageBytes,
      expectedBytes: lengthOf(response),
      liftsPictures: limits.liftsPictures === true
    })
    const maxBytes = limits.maxBytes ?? base64AnswerBytes(options.maxImageBytes)
    if (!(await readChunks(response, maxBytes, (chunk) => answer.write(chunk)))) throw tooManyBytes()
    return { status, ...answer.end() }
  }

  return {
    address,
    ownHeaders,
    fetch,
    get: (path, signal, limits = {}) =>
      ask(address.urlOf(path), { method: 'GET', headers: limits.headers ?? {}, signal }, limits),
    post: (path, body, signal, limits = {}) => {
      const content = typeof body === 'string' ? { mediaType: 'application/json', body } : body
      const headers = { 'content-type': content.mediaType }
      return ask(address.urlOf(path), { method: 'POST', headers, body: content.body, signal }, limits)
    },
    send: (method, path, signal, limits = {}) => ask(address.urlOf(path), { method, headers: {}, signal }, limits),
    downloadPicture: async (path, signal) => {
      const response = await request(address.urlOf(path), { method: 'GET', headers: {}, signal }).catch(
        (cause: unknown) => {
          const options = { cause, isSilence: true }
          throw new EngineError('crashed', 'The image server went away before its picture was fetched.', options)
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
    close: async () => connections.close()
  }
}

/** Codes of connections that were never made: refused, no such host or route, no answer in time, a certificate. */
const CONNECT_CODES =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|ETIMEDOUT|ERR_TLS_\w+|ERR_SSL_\w+|EPROTO|CERT_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+)$/

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

/** The body of a success: an image, or text. */
class AnswerBody {
  readonly #lifter: AnswerLifter | undefined
  readonly #bytes: GrowingBytes
  #start: Buffer | undefined = Buffer.alloc(0)
  #isImage = false

  constructor({
    maxImageBytes,
    expectedBytes,
    liftsPictures
  }: {
    maxImageBytes: number
    expectedBytes: number
    liftsPictures: boolean
  }) {
    this.#lifter = liftsPictures ? new AnswerLifter({ maxPictureBytes: maxImageBytes, expectedBytes }) : undefined
    this.#bytes = new GrowingBytes(Math.min(maxImageBytes, expectedBytes))
  }

  write(chunk: Buffer): void {
    let next = chunk
    if (this.#start) {
      next = this.#start.length === 0 ? chunk : Buffer.concat([this.#start, chunk])
      if (next.length < MEDIA_TYPE_BYTES) return void (this.#start = next)
      this.#isImage = sniffMediaType(next) !== undefined
      this.#start = undefined
    }
    this.#take(next)
  }

  end(): Pick<UpstreamAnswer, 'body' | 'image' | 'pictures'> {
    if (this.#start) this.#take(this.#start)
    if (this.#isImage) return { body: '', image: this.#bytes.taken() }
    if (!this.#lifter) return { body: this.#bytes.taken().toString() }
    const { text, pictures } = this.#lifter.end()
    return { body: text, ...(pictures.size > 0 && { pictures }) }
  }

  #take(chunk: Buffer): void {
    if (this.#isImage || !this.#lifter) this.#bytes.absorb(chunk)
    else this.#lifter.write(chunk)
  }
}

/** How long a body says that it is; 0 when it does not. */
const lengthOf = ({ headers }: FetchedResponse): number => {
  const length = Number(headers.get('content-length') ?? 0)
  return Number.isSafeInteger(length) && length > 0 ? length : 0
}

/**
 * Whether it asks for a user name and a password, as browsers ask for them (HTTP Basic), by what was sent with the question. Where it
 * does not say what it asks for, it is what was sent.
 */
export const passwordAskedBy = (
  { status, headers }: Pick<FetchedResponse, 'status' | 'headers'>,
  sent: Readonly<Record<string, string>>
): 'wanted' | 'refused' | undefined => {
  const asked = headers.get('www-authenticate')
  const isSent = isBasic(sent.authorization)
  if (asked === null) return status === 401 && isSent ? 'refused' : undefined
  if (!isBasic(asked)) return undefined
  return isSent ? 'refused' : 'wanted'
}

const isBasic = (header: string | undefined): boolean => /^basic\b/i.test(header ?? '')

/** At most `maxBytes`, whole chunks; the rest is not read. */
export async function readStart(
  response: FetchedResponse,
  maxBytes: number
): Promise<{ bytes: Buffer; complete: boolean }> {
  const bytes = new GrowingBytes(Math.min(maxBytes, lengthOf(response)))
  const complete = await readChunks(response, maxBytes, (chunk) => bytes.absorb(chunk))
  return { bytes: bytes.taken(), complete }
}

/** Gives `take` the chunks of a body that fit into `maxBytes`, which are its own; false when there are more, of which none is read. */
async function readChunks(
  response: FetchedResponse,
  maxBytes: number,
  take: (chunk: Buffer) => void
): Promise<boolean> {
  let size = 0
  try {
    return await readPieces(response.body, (piece) => {
      size += piece.byteLength
      if (size > maxBytes) return false
      take(piece)
      return true
    })
  } catch (cause) {
    // Of a success the work was done, and what cut it off once (a proxy's limit, say) may well do so again.
    const fault = response.ok ? 'bad_output' : 'crashed'
    throw new EngineError(fault, 'The image server closed the connection in the middle of its answer.', { cause })
  }
}
