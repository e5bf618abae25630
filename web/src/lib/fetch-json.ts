import { basePath } from './base-path.ts'
import { withLocalTimes } from './format.ts'

/** An answer that was not a success, as the server explains it. */
export class ApiError extends Error {
  readonly status: number
  /** The server's stable word, `network` when no answer came, `unknown` when it was none of ours. */
  readonly code: string
  /** The field it is about. */
  readonly param: string | null
  /** What is wrong with each field, by its name, where the server looked at several. */
  readonly fields: Readonly<Record<string, string>>
  /** Seconds to wait before the next try, where the server says so. */
  readonly retryAfter: number | null

  constructor(options: {
    status: number
    code: string
    message: string
    param?: string | null
    fields?: Readonly<Record<string, string>>
    retryAfter?: number | null
  }) {
    super(options.message)
    this.status = options.status
    this.code = options.code
    this.param = options.param ?? null
    this.fields = options.fields ?? {}
    this.retryAfter = options.retryAfter ?? null
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  json?: unknown
  form?: FormData
  /** A file as it is. */
  file?: Blob
  query?: Record<string, string | number | undefined>
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** Where the dashboard's own endpoints live. */
export const DASHBOARD = '/api/dashboard'

/** Throws `ApiError`; an empty answer is `undefined`. */
export async function fetchJson<T>(path: string, call: Call = {}): Promise<T> {
  const response = await fetchAnswer(path, call)
  const text = await response.text().catch(asUnreachable)
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch {
    // A proxy's page in place of the answer.
    throw readError(response, text)
  }
}

/** An answer that is not JSON, or whose headers are needed. Throws `ApiError`. */
export async function fetchAnswer(path: string, call: Call = {}): Promise<Response> {
  const { json, form, file, query, headers, signal } = call
  const method = call.method ?? (json !== undefined || form ? 'POST' : 'GET')
  const response = await fetch(basePath + path + queryText(query), {
    method,
    ...(signal && { signal }),
    headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...(form && { body: form }),
    ...(file && { body: file })
  }).catch(asUnreachable)
  if (!response.ok) throw readError(response, await response.text().catch(asUnreachable))
  return response
}

function asUnreachable(error: unknown): never {
  if (error instanceof DOMException && error.name === 'AbortError') throw error
  throw new ApiError({ status: 0, code: 'network', message: 'The server cannot be reached. Check your connection.' })
}

export function queryText(query: Call['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

interface WireError {
  message?: string
  code?: string
  param?: string | null
  fields?: Record<string, string>
}

/** Our endpoints nest the error, those of the sign-in library do not. */
function readError({ status, headers }: Response, text: string): ApiError {
  const retryAfter = Number(headers.get('retry-after'))
  let wire: WireError = {}
  try {
    const body = JSON.parse(text) as { error?: WireError } & WireError
    wire = body.error ?? body
  } catch {
    // A proxy's page: its status is all there is to tell.
  }
  return new ApiError({
    status,
    code: wire.code ?? 'unknown',
    message:
      wire.message === undefined
        ? `The server answered with status ${status}. Try again in a moment.`
        : withLocalTimes(wire.message),
    param: wire.param ?? null,
    ...(wire.fields && { fields: wire.fields }),
    // The header may hold a date as well, which nothing of ours sends.
    retryAfter: retryAfter > 0 ? retryAfter : null
  })
}

/** What went wrong, for people. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'Something went wrong.')
