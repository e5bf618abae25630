import type { AppError } from './errors.ts'
import { newId } from './ids.ts'
import { STATUS_CODES } from './node-http.ts'

/** What an answer that is no page says to browsers: it shows nothing, runs nothing and is shown in nothing. */
export const NO_PAGE_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin'
} as const

/** The shape of every error of the API. */
export const presentError = (
  error: Pick<AppError, 'message' | 'code' | 'param'> & Partial<Pick<AppError, 'fields'>>
) => ({
  error: {
    message: error.message,
    type: error.code,
    param: error.param,
    code: error.code,
    ...(error.fields && { fields: error.fields })
  }
})

/** An error as the bytes of an HTTP answer, for connections on which there is no request that could be replied to. */
export function rawAnswer(error: AppError): string {
  const body = JSON.stringify(presentError(error))
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': newId('xid'),
    ...NO_PAGE_HEADERS,
    ...error.headers,
    ...(error.retry !== undefined && { 'x-should-retry': error.retry }),
    ...(error.retryAfterSeconds !== undefined && retryAfter(error.retryAfterSeconds)),
    connection: 'close'
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}

/** Both spellings: OpenAI's clients look for milliseconds first. */
export const retryAfter = (seconds: number) => ({
  'retry-after': String(seconds),
  'retry-after-ms': String(seconds * 1000)
})
