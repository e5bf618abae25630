import { Readable } from 'node:stream'
import { createBrotliDecompress, createUnzip } from 'node:zlib'
import { type Dispatcher, request } from 'undici'
import { VERSION } from '../lib/version.ts'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchedResponse>

export interface FetchInit {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  headers: Record<string, string>
  body?: string | Blob
  redirect: 'manual'
  signal: AbortSignal
}

export interface FetchedResponse {
  ok: boolean
  status: number
  headers: { get(name: string): string | null }
  body: AsyncIterable<Uint8Array> | null
}

const OWN_HEADERS = {
  accept: '*/*',
  // Images do not get smaller by it.
  'accept-encoding': 'identity',
  'user-agent': `inference-club/${VERSION}`
}

/**
 * The part of `fetch` that is used, made of undici's own calls: its `fetch` takes 0.4 ms more of CPU for each, and nobody here needs
 * what that is for. Rejects with the error of the connection itself, and with the signal's reason.
 */
export const fetchThrough =
  (dispatcher: Dispatcher): Fetch =>
  async (url, { method, headers: given, body, signal }) => {
    const sent =
      body instanceof Blob
        ? { body: Readable.fromWeb(body.stream()), headers: { 'content-length': String(body.size) } }
        : { body, headers: {} }
    const answer = await request(url, {
      method,
      headers: { ...OWN_HEADERS, ...sent.headers, ...given },
      ...(sent.body !== undefined && { body: sent.body }),
      signal,
      dispatcher
    })
    const { statusCode: status, headers } = answer
    const header = (name: string) => {
      const value = headers[name]
      return Array.isArray(value) ? value.join(', ') : (value ?? null)
    }
    return {
      ok: status >= 200 && status < 300,
      status,
      headers: { get: header },
      body: decoded(answer.body, header('content-encoding'))
    }
  }

/** What some proxies encode though nobody asked for it. */
function decoded(body: Readable, encoding: string | null): Readable {
  const decoder =
    encoding === 'br'
      ? createBrotliDecompress()
      : encoding === 'gzip' || encoding === 'x-gzip' || encoding === 'deflate'
        ? createUnzip()
        : undefined
  if (!decoder) return body
  // An end that is missing is the connection's; who reads no further has it closed.
  body.once('error', (error) => decoder.destroy(error))
  decoder.once('close', () => body.destroy())
  return body.pipe(decoder)
}
