import { EngineError } from '../engine.ts'
import type { SocketCall } from '../passed-sockets.ts'
import { base64AnswerBytes, createUpstreamHttp, type UpstreamHttpOptions } from '../upstream-http.ts'
import { members, parseJson } from '../upstream-text.ts'
import { faultOfAnswer, isSuccess } from '../upstream-fault.ts'
import { parseSession, refusalIn, type SessionFacts } from './swarmui-api.ts'
import { type SentAccess, sentAccess } from '../not-let-in.ts'
import { faultOfRefusal, noSuchApi, notAllowed, ownNotAllowed } from './swarmui-fault.ts'

/** Everything but pictures is answered quickly, also while the server works. */
const ANSWER_WITHIN_MS = 30_000
/** A list of a few thousand models, with their descriptions. */
const MAX_LIST_BYTES = 32 * 1024 * 1024
const MAX_PATH_CHARS = 1000
const SOCKET_PATH = '/API/GenerateText2ImageWS'

/** A session of our own, which may be another one after a call: the server forgets them when it starts. */
export interface SwarmSession {
  facts: SessionFacts
}

/** One SwarmUI. Every method throws `EngineError`, or anything once its signal has aborted. */
export interface SwarmHttp {
  newSession(signal: AbortSignal): Promise<SwarmSession>
  renew(session: SwarmSession, signal: AbortSignal): Promise<void>
  /**
   * Calls a route in a session, which is renewed once if it has to be; answers with its fields, refusals thrown. `isPatient`: for
   * as long as it takes.
   */
  call(
    route: string,
    body: object,
    within: { session: SwarmSession; signal: AbortSignal; isPatient?: boolean }
  ): Promise<Record<string, unknown>>
  /** The bytes of an image that the server has put into its user's folder. */
  download(path: string, within: { session: SwarmSession; signal: AbortSignal }): Promise<Buffer>
  /** Where generations go. */
  readonly socketUrl: string
  /** What is answered there to who asks with these headers. */
  getSocket: SocketCall
  readonly headers: Record<string, string>
  /** By what every call asks to be let in. */
  readonly sent: SentAccess
  /** Of a message that holds a picture. */
  readonly maxMessageBytes: number
  /** What must be told to nobody. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

/** The owner's key is a token of theirs, which SwarmUI takes as a cookie (docs/API.md, "Authorization"). */
export const tokenCookie = (token: string): string => `swarm_token=${encodeURIComponent(token)}`

export function createSwarmHttp({ apiKey, headers = {}, ...options }: UpstreamHttpOptions): SwarmHttp {
  const cookies = [headers.cookie, apiKey && tokenCookie(apiKey)].filter(
    (cookie) => cookie !== undefined && cookie !== ''
  )
  const http = createUpstreamHttp(
    { ...options, headers: { ...headers, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) } },
    ''
  )
  const secrets = [...http.secrets, ...(apiKey ? [apiKey] : [])]
  const sent = sentAccess(http.ownHeaders, options.baseUrl)

  const soon = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])

  const post = async (route: string, body: object, signal: AbortSignal): Promise<Record<string, unknown>> => {
    const limits = { maxBytes: MAX_LIST_BYTES, mayRedirect: true }
    const answer = await http.post(`/API/${route}`, JSON.stringify(body), signal, limits)
    const fields = members(parseJson(answer.body))
    // Its own refusals have words; what stands before it may speak JSON, too.
    if (Object.keys(fields).length > 0 && (isSuccess(answer) || refusalIn(fields))) return fields
    // What asks for a password, or stands before it.
    if ([301, 302, 303, 307].includes(answer.status)) throw ownNotAllowed(sent)
    if (answer.status === 401 || answer.status === 403) throw notAllowed(sent)
    if (answer.status >= 500 || answer.status === 429) throw faultOfAnswer(answer, { secrets, call: 'images' })
    throw noSuchApi()
  }

  const newSession = async (signal: AbortSignal): Promise<SwarmSession> => {
    const fields = await post('GetNewSession', {}, soon(signal))
    const facts = parseSession(fields)
    if (facts) return { facts }
    const refusal = refusalIn(fields)
    throw refusal ? faultOfRefusal(refusal, { sent, secrets }) : noSuchApi()
  }

  const renew = async (session: SwarmSession, signal: AbortSignal): Promise<void> => {
    session.facts = (await newSession(signal)).facts
  }

  const socketUrl = new URL(http.address.urlOf(SOCKET_PATH))
  socketUrl.protocol = socketUrl.protocol.replace('http', 'ws')
  return {
    newSession,
    renew,
    call: async (route, body, { session, signal, isPatient = false }) => {
      const ask = () => post(route, { ...body, session_id: session.facts.id }, isPatient ? signal : soon(signal))
      let fields = await ask()
      if (refusalIn(fields)?.id === 'invalid_session_id') {
        await renew(session, signal)
        fields = await ask()
      }
      const refusal = refusalIn(fields)
      if (refusal) throw faultOfRefusal(refusal, { sent, secrets })
      return fields
    },
    download: (path, { session, signal }) =>
      http.downloadPicture(`/${readPath(path, session).split('/').map(encodeURIComponent).join('/')}`, signal),
    socketUrl: socketUrl.href,
    getSocket: (headers, signal) => http.get(SOCKET_PATH, signal, { headers }),
    headers: http.ownHeaders,
    sent,
    maxMessageBytes: base64AnswerBytes(options.maxImageBytes),
    secrets,
    close: () => http.close()
  }
}

/** Throws `bad_output` for what is no path of a file of our session's user. */
export function readPath(path: string, { facts }: SwarmSession): string {
  const parts = path.split('/')
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\\p{Cc}]/u.test(part))
  if (path.length <= MAX_PATH_CHARS && path.startsWith(facts.folder) && isPlain) return path
  throw new EngineError('bad_output', 'The image server answered with something that is no image of ours.')
}
