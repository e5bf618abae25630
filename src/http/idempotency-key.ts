import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { errors } from '../lib/errors.ts'

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

/** The `Idempotency-Key` of a call. Throws `invalid_request` when it is longer than 128 characters or blank. */
export function idempotencyKey({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || key.trim() === '' || key.length > LONGEST) {
    throw errors.invalidRequest(`'Idempotency-Key' must have 1 to ${LONGEST} characters.`, 'Idempotency-Key')
  }
  return key
}
