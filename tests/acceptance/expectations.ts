import assert from 'node:assert/strict'
import type { Answer } from './club.ts'

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string }
}

export interface Refusal {
  status: number
  code: string
  /** Not looked at when it is not given. */
  param?: string | null
  /** What the message has to say. */
  message?: RegExp
}

/** All of these are members of the object. Others are left alone, as clients leave them: versions and states of a club add some. */
export function hasMembers(value: unknown, members: readonly string[]): void {
  assert.ok(typeof value === 'object' && value !== null, `not an object: ${JSON.stringify(value)}`)
  const missing = members.filter((name) => !(name in value))
  assert.deepEqual({ missing }, { missing: [] })
}

export function isJson(answer: Answer<unknown>, status = 200): void {
  assert.equal(answer.status, status, `answered ${answer.status}: ${answer.text.slice(0, 500)}`)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json\b/)
  assert.ok(answer.headers.get('x-request-id'), 'it has no x-request-id')
}

/** An error with everything that every error has: the four members, one word, the headers that tell SDKs what to do. */
export function isRefused(answer: Answer<unknown>, refusal: Refusal): void {
  isJson(answer, refusal.status)
  const { error } = answer.body as ErrorBody
  hasMembers(answer.body, ['error'])
  hasMembers(error, ['message', 'type', 'param', 'code'])
  assert.equal(error.code, refusal.code, error.message)
  assert.equal(error.type, refusal.code)
  assert.ok(error.message.length > 10, 'the message says nothing')
  assert.doesNotMatch(error.message, /\bic_[a-z0-9]{6,}|\bat .*\.ts:\d+|127\.0\.0\.1:\d/, 'the message tells a secret')
  if (refusal.param !== undefined) assert.equal(error.param, refusal.param)
  if (refusal.message) assert.match(error.message, refusal.message)
  const final = [409, 502, 504].includes(refusal.status) || error.code === 'insufficient_quota'
  if (final) assert.equal(answer.headers.get('x-should-retry'), 'false', 'SDKs would do the work three times')
  if (refusal.code === 'rate_limit_exceeded' || refusal.status === 503) waitsBriefly(answer.headers)
}

/** Several SDKs obey a `retry-after` only when it is below a minute. */
function waitsBriefly(headers: Headers): void {
  const seconds = Number(headers.get('retry-after') ?? NaN)
  assert.ok(seconds >= 1 && seconds <= 59, `retry-after is ${headers.get('retry-after')}`)
  const ms = Number(headers.get('retry-after-ms') ?? NaN)
  assert.ok(ms > 0 && ms < 60_000, `retry-after-ms is ${headers.get('retry-after-ms')}`)
}
