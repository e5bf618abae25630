import { errors } from '../lib/errors.ts'

/** A parsed JSON body that must be an object. Throws `invalid_json` when there is none, and `invalid_request`. */
export function jsonObject(body: unknown): Record<string, unknown> {
  if (body === undefined) throw errors.invalidJson()
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw errors.invalidRequest('The body must be a JSON object.')
  }
  return body as Record<string, unknown>
}
