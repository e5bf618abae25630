import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { errors } from '../lib/errors.ts'
import { decodeText } from './decode-text.ts'

const LONGEST = 128

/** For the reference, on every route that creates work. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: LONGEST,
      description: 'The same key and meaning again lead to the same request, so that nothing is made twice.'
    })
  )
})

/** The `Idempotency-Key` of a call. Throws `invalid_request` when it is longer than 128 characters, blank or not UTF-8. */
export function idempotencyKey({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  // Node reads the bytes of headers as Latin-1.
  const source = { what: "'Idempotency-Key'", param: 'Idempotency-Key' }
  const text = typeof key === 'string' ? decodeText(Buffer.from(key, 'latin1'), source) : ''
  if (text.trim() === '' || text.length > LONGEST) {
    throw errors.invalidRequest(`'Idempotency-Key' must have 1 to ${LONGEST} characters.`, 'Idempotency-Key')
  }
  return text
}
