import { EngineError } from '../engine.ts'
import { multipartBody } from '../openai/multipart-body.ts'
import type { SocketCall } from '../passed-sockets.ts'
import { createUpstreamHttp, type TypedBody, type UpstreamAnswer, type UpstreamHttpOptions } from '../upstream-http.ts'
import { members, parseJson } from '../upstream-text.ts'
import { isSuccess, tooLargeUpload } from '../upstream-fault.ts'
import { parseImageName } from './invokeai-api.ts'
import { faultOf, noSuchApi, notAllowed } from './invokeai-fault.ts'

/** Everything is answered quickly, also while the server works. */
const ANSWER_WITHIN_MS = 30_000
/** The document of its API has 2 MB, a list of models a kilobyte for each. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024

/** Where events come from. */
export const SOCKET_PATH = '/ws/socket.io/?EIO=4&transport=websocket'

/** `email:password` of an account; undefined for a token, which has no `@`. */
export function readAccount(apiKey: string | undefined): { email: string; password: string } | undefined {
  const [, email, password] = /^([^\s:@]+@[^\s:@]+):(.+)$/s.exec(apiKey ?? '') ?? []
  return email !== undefined && password !== undefined ? { email, password } : undefined
}

/** One InvokeAI. Every method throws `EngineError`, or anything once its signal has aborted. */
export interface InvokeHttp {
  /** The JSON of a success; other answers are thrown. */
  get(path: string, signal: AbortSignal): Promise<unknown>
  /** Undefined when there is no such thing. */
  find(path: string, signal: AbortSignal): Promise<unknown>
  post(path: string, body: object, signal: AbortSignal): Promise<unknown>
  /** For what may be gone already. */
  send(method: 'PUT' | 'DELETE', path: string, signal: AbortSignal): Promise<void>
  /** Puts an image where it is in nobody's gallery; answers with its name. */
  upload(image: { bytes: Buffer; mediaType: string }, signal: AbortSignal): Promise<string>
  download(image: string, signal: AbortSignal): Promise<Buffer>
  /** Where events come from. */
  readonly socketUrl: string
  /** What is answered there to who asks with these headers. */
  getSocket: SocketCall
  readonly headers: Record<string, string>
  /** With which this server lets in; undefined where it asks for none. */
  token(): string | undefined
  /** What must be told to nobody. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export function createInvokeHttp({ apiKey, ...options }: UpstreamHttpOptions): InvokeHttp {
  const account = readAccount(apiKey)
  const secrets: string[] = [apiKey ?? '', account?.password ?? ''].filter((secret) => secret !== '')
  let token = account ? undefined : apiKey
  const http = createUpstreamHttp({ ...options, bearer: () => token }, '')
  secrets.push(...http.secrets)
  const limits = { maxBytes: MAX_ANSWER_BYTES }
  const soon = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])

  const signIn = async (): Promise<void> => {
    // Whatever else lies there and asks for a key gets no password.
    const app = await http.get('/api/v1/app/version', AbortSignal.timeout(ANSWER_WITHIN_MS), limits)
    if (typeof members(parseJson(app.body)).version !== 'string') throw noSuchApi()
    const body = JSON.stringify({ ...account, remember_me: true })
    const answer = await http.post('/api/v1/auth/login', body, AbortSignal.timeout(ANSWER_WITHIN_MS), limits)
    const { token: given } = members(parseJson(answer.body))
    if (!isSuccess(answer) || typeof given !== 'string' || given === '') throw notAllowed('key')
    token = given
    secrets.push(given)
  }

  let signing: Promise<void> | undefined
  /** Of an account the token is fetched when it is first wanted, and again when it has expired; once for all who wait. */
  const ask = async (call: () => Promise<UpstreamAnswer>, signal: AbortSignal): Promise<UpstreamAnswer> => {
    const used = token
    const answer = await call()
    if (!account) return answer
    // Whoever has one is not to be told that none is given.
    if (answer.status !== 401) return { ...answer, sent: 'key' }
    if (token === used) {
      signing ??= signIn().finally(() => (signing = undefined))
      await signing
    }
    signal.throwIfAborted()
    return call()
  }
  const jsonOf = (answer: UpstreamAnswer): unknown => {
    if (!isSuccess(answer)) throw faultOf(answer, secrets)
    const json = parseJson(answer.body)
    if (json === undefined) throw noSuchApi()
    return json
  }
  const post = (path: string, body: string | TypedBody, signal: AbortSignal) =>
    ask(() => http.post(path, body, soon(signal), limits), signal)

  const socketUrl = new URL(http.address.urlOf('/ws/socket.io/'))
  socketUrl.protocol = socketUrl.protocol.replace('http', 'ws')
  socketUrl.searchParams.set('EIO', '4')
  socketUrl.searchParams.set('transport', 'websocket')
  return {
    get: async (path, signal) => jsonOf(await ask(() => http.get(path, soon(signal), limits), signal)),
    find: async (path, signal) => {
      const answer = await ask(() => http.get(path, soon(signal), limits), signal)
      return answer.status === 404 ? undefined : jsonOf(answer)
    },
    post: async (path, body, signal) => jsonOf(await post(path, JSON.stringify(body), signal)),
    send: async (method, path, signal) => {
      const answer = await ask(() => http.send(method, path, soon(signal), limits), signal)
      if (!isSuccess(answer) && answer.status !== 404) throw faultOf(answer, secrets)
    },
    upload: async ({ bytes, mediaType }, signal) => {
      const filename = `inference-club.${mediaType.replace('image/', '')}`
      const form = multipartBody({}, [{ field: 'file', filename, mediaType, bytes }])
      const answer = await post('/api/v1/images/upload?image_category=other&is_intermediate=true', form, signal)
      if (answer.status === 413) throw tooLargeUpload()
      const name = parseImageName(jsonOf(answer))
      if (name === undefined) throw new EngineError('crashed', 'The image server did not take a source image.')
      return name
    },
    download: (image, signal) => http.downloadPicture(`/api/v1/images/i/${image}/full`, signal),
    socketUrl: socketUrl.href,
    getSocket: (headers, signal) => http.get(SOCKET_PATH, signal, { ...limits, headers }),
    headers: http.ownHeaders,
    token: () => token,
    secrets,
    close: () => http.close()
  }
}
