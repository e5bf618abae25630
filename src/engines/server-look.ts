import { connect } from 'node:net'
import { readAddress } from './upstream-address.ts'
import { type Fetch, openConnections } from './light-fetch.ts'
import { passwordAskedBy, readStart } from './upstream-http.ts'
import { parseJson } from './upstream-text.ts'

/** Of each question: a server that is there answers at once, and nobody waits for others. */
const ANSWER_WITHIN_MS = 1500
/** Lists of a few thousand files. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024
/** To one server at the same time. */
const MOST_CONNECTIONS = 6

export interface LookAnswer {
  status: number
  text: string
  /** Undefined when the text is no JSON. */
  json: unknown
  /** As `passwordAskedBy` has it. */
  password: 'wanted' | 'refused' | undefined
}

/**
 * A short look at a server that may be anything. Each question is asked once, however often; the answer is undefined
 * when none came in time, or one too long. No redirect is followed.
 */
export interface ServerLook {
  /** Where it looks. */
  readonly url: string
  /** With headers beside those of every question, as the next one. */
  get(path: string, headers?: Record<string, string>): Promise<LookAnswer | undefined>
  /** With a JSON body. */
  post(path: string, body: object, headers?: Record<string, string>): Promise<LookAnswer | undefined>
  /** What has not been sent with any question: only to what was recognised without it, as that takes it. */
  readonly heldKey?: string
  /** Whether an answer so far has asked for a key, or a password. */
  isLocked(): boolean
}

export interface LookOptions {
  /** Where the server lies, without the root of an API. A user name and password in it are sent along. */
  url: string
  /** Sent with every question, as a bearer. */
  apiKey?: string
  /** Sent with none. */
  heldKey?: string
  /** Sent with every question, by lower-case name. */
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** What was seen: whether anything accepts connections there, and answers. */
export interface Seen<T> {
  contact: 'none' | 'silent' | 'answers'
  result: T
}

/** Has `ask` look at a server. Nothing that the server does is thrown. */
export async function lookAtServer<T>(
  options: LookOptions,
  ask: (look: ServerLook) => Promise<T>
): Promise<Seen<T | undefined>> {
  if (!(await takesConnections(options.url))) return { contact: 'none', result: undefined }
  const connections = openConnections({ most: MOST_CONNECTIONS })
  const asker = createAsker(options, connections.fetch)
  try {
    const result = await ask(asker)
    return { contact: asker.hasAnswered() ? 'answers' : 'silent', result }
  } finally {
    connections.close()
  }
}

function createAsker(options: LookOptions, fetchHere: Fetch): ServerLook & { hasAnswered(): boolean } {
  const address = readAddress(options.url, '')
  const authorization = options.apiKey ? `Bearer ${options.apiKey}` : address.authorization
  const headers = { ...options.headers, ...(authorization && { authorization }) }
  const asked = new Map<string, Promise<LookAnswer | undefined>>()
  let answered = false
  let locked = false

  const ask = async (
    path: string,
    body: string | undefined,
    more: Record<string, string>
  ): Promise<LookAnswer | undefined> => {
    const within = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const signal = options.signal ? AbortSignal.any([within, options.signal]) : within
    const call = body === undefined ? ({ method: 'GET' } as const) : ({ method: 'POST', body } as const)
    const sent = { ...headers, ...more }
    try {
      const response = await fetchHere(address.urlOf(path), {
        ...call,
        headers: { ...sent, ...(body !== undefined && { 'content-type': 'application/json' }) },
        redirect: 'manual',
        signal
      })
      answered = true
      locked ||= response.status === 401 || response.status === 403
      const { bytes, complete } = await readStart(response, MAX_ANSWER_BYTES)
      if (!complete) return undefined
      const text = bytes.toString()
      return { status: response.status, text, json: parseJson(text), password: passwordAskedBy(response, sent) }
    } catch {
      return undefined // Whatever it did, it gave no answer to this.
    }
  }
  const once = (path: string, more: Record<string, string> = {}, body?: string) => {
    const question = JSON.stringify([path, body, more])
    const answer = asked.get(question) ?? ask(path, body, more)
    asked.set(question, answer)
    return answer
  }
  return {
    url: options.url,
    get: (path, more) => once(path, more),
    post: (path, body, more) => once(path, more, JSON.stringify(body)),
    ...(options.heldKey !== undefined && { heldKey: options.heldKey }),
    isLocked: () => locked,
    hasAnswered: () => answered
  }
}

/** Whether anything takes connections where an image server is said to be; nothing does once the signal has aborted. */
export function takesConnections(url: string, signal?: AbortSignal): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url)
  return accepts({
    host: hostname,
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    ...(signal && { signal })
  })
}

/** Whether something takes connections there; nothing does once the signal has aborted. */
export function accepts({
  host,
  port,
  signal
}: {
  host: string
  port: number
  signal?: AbortSignal
}): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port })
    const end = (isThere: boolean) => {
      // The socket's own option for a signal leaves a listener on it for each socket.
      signal?.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(isThere)
    }
    const onAbort = () => end(false)
    signal?.addEventListener('abort', onAbort)
    socket.setTimeout(ANSWER_WITHIN_MS, () => end(false))
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}
