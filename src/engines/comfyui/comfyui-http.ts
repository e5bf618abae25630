import { EngineError } from '../engine.ts'
import { multipartBody } from '../openai/multipart-body.ts'
import {
  createUpstreamHttp,
  readStart,
  tooManyBytes,
  type UpstreamAnswer,
  type UpstreamHttpOptions
} from '../upstream-http.ts'
import type { SocketCall } from '../passed-sockets.ts'
import { notLetIn } from '../not-let-in.ts'
import { tooLargeUpload } from '../upstream-fault.ts'
import { members, parseJson } from '../upstream-text.ts'
import { notLikeComfy } from './not-like-comfy.ts'

/** Everything but pictures is answered quickly, also while the server works. */
const ANSWER_WITHIN_MS = 30_000
/** The queue holds the graphs of all who wait. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** Where events come from. */
export const SOCKET_PATH = '/ws'

export interface ComfyAnswer {
  status: number
  /** Undefined when the body is no JSON. */
  json: unknown
  text: string
}

/** A file that the server keeps. */
export interface ServerFile {
  filename: string
  subfolder: string
  type: string
}

/** One ComfyUI. Every method throws `EngineError`, or anything once its signal has aborted. */
export interface ComfyHttp {
  /** Any status but those that refuse the caller is an answer. */
  get(path: string, signal: AbortSignal): Promise<ComfyAnswer>
  post(path: string, body: object, signal: AbortSignal): Promise<ComfyAnswer>
  /** Puts a picture where the server clears up when it starts; returns its name as nodes take it. */
  upload(picture: { bytes: Buffer; mediaType: string; name: string }, signal: AbortSignal): Promise<string>
  /** Undefined when there is no such file any more. */
  download(file: ServerFile, signal: AbortSignal): Promise<Buffer | undefined>
  /** Where events come from, for the client of this id. */
  socketUrl(clientId: string): string
  /** What is answered there to who asks with these headers. */
  getSocket: SocketCall
  readonly headers: Record<string, string>
  /** What must be told to nobody. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export function createComfyHttp(options: UpstreamHttpOptions): ComfyHttp {
  const http = createUpstreamHttp(options, '')
  const limits = { maxBytes: MAX_ANSWER_BYTES }

  const urlOf = (path: string, query: Record<string, string>): string => {
    const url = new URL(http.address.urlOf(path))
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value)
    return url.href
  }
  const soon = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])

  return {
    get: async (path, signal) => readAnswer(await http.get(path, soon(signal), limits)),
    post: async (path, body, signal) => readAnswer(await http.post(path, JSON.stringify(body), soon(signal), limits)),
    upload: async ({ bytes, mediaType, name }, signal) => {
      const form = multipartBody({ type: 'temp' }, [{ field: 'image', filename: name, mediaType, bytes }])
      const { status, json } = readAnswer(await http.post('/upload/image', form, signal, limits))
      const stored = readUpload(json)
      if (status === 413) throw tooLargeUpload()
      if (status !== 200) {
        throw new EngineError('crashed', `The image server did not take a source image (HTTP ${status}).`)
      }
      if (stored === undefined) throw notLikeComfy()
      return stored
    },
    download: async ({ filename, subfolder, type }, signal) => {
      const init = { method: 'GET', headers: http.ownHeaders, redirect: 'manual', signal } as const
      const response = await http.fetch(urlOf('/view', { filename, subfolder, type }), init).catch((cause: unknown) => {
        const options = { cause, isSilence: true }
        throw new EngineError('crashed', 'The image server went away before its picture was fetched.', options)
      })
      const { bytes, complete } = await readStart(response, options.maxImageBytes)
      if (response.ok && !complete) throw tooManyBytes()
      return response.ok ? bytes : undefined
    },
    socketUrl: (clientId) => urlOf(SOCKET_PATH, { clientId }).replace(/^http/, 'ws'),
    getSocket: (headers, signal) => http.get(SOCKET_PATH, signal, { ...limits, headers }),
    headers: http.ownHeaders,
    secrets: http.secrets,
    close: () => http.close()
  }
}

function readAnswer({ status, body, sent }: UpstreamAnswer): ComfyAnswer {
  if (status === 401 || status === 403) throw notLetIn(sent)
  return { status, text: body, json: parseJson(body) }
}

/** Names of files that are not in the input folder are followed by where they are. */
function readUpload(json: unknown): string | undefined {
  const { name, subfolder, type } = members(json)
  if (typeof name !== 'string' || name === '') return undefined
  const path = typeof subfolder === 'string' && subfolder !== '' ? `${subfolder}/${name}` : name
  return type === 'temp' ? `${path} [temp]` : path
}
