import { APIError } from 'openai'
import { expect } from 'vitest'

export interface WireError {
  message: string
  type: string
  param: string | null
  code: string
}

/** What no message may hold: addresses, paths, stacks, keys, tokens. */
const INTERNAL =
  /127\.0\.0\.1|localhost|::1|10\.1\.2\.3|node_modules|\/src\/|\.ts\b|\n\s+at |ic_[a-z0-9]{8}|lease_|SQLITE/i

/** The error of an answer; expects all that the contract promises of every one, whatever went wrong. */
export async function readError(response: Response): Promise<WireError> {
  expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
  expect(response.headers.get('x-request-id')).toMatch(/^xid_/)
  const body = (await response.json()) as { error: WireError }
  expect(Object.keys(body)).toEqual(['error'])
  checkError(body.error)
  return body.error
}

/** What the official client throws; expects the same of it. */
export async function apiErrorOf(call: Promise<unknown>): Promise<APIError> {
  const thrown: unknown = await call.then(
    (answer) => expect.fail(`it succeeded: ${JSON.stringify(answer)}`),
    (error: unknown) => error
  )
  if (!(thrown instanceof APIError) || !thrown.headers) throw thrown
  expect(thrown.headers.get('content-type')).toMatch(/^application\/json\b/)
  expect(thrown.requestID).toMatch(/^xid_/)
  expect(thrown.requestID).toBe(thrown.headers.get('x-request-id'))
  checkError(thrown.error as WireError)
  return thrown
}

function checkError(error: WireError): void {
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
  expect(error.type).toBe(error.code)
  expect(error.code).toMatch(/^[a-z]+(_[a-z]+)*$/)
  expect(error.message).toMatch(/\S/)
  expect(error.message).not.toMatch(INTERNAL)
  if (error.param !== null) expect(error.param).toBeTypeOf('string')
}
