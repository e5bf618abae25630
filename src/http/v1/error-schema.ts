import { Type } from 'typebox'
import { ERROR_MEANINGS, PUBLIC_ERROR_CODES, type PublicErrorCode } from '../../lib/error-meanings.ts'

export const ErrorResponse = Type.Object(
  {
    error: Type.Object({
      message: Type.String({ description: 'What is wrong and what to do.' }),
      type: Type.Enum([...PUBLIC_ERROR_CODES], { description: 'A stable word; see the chapter on errors.' }),
      param: Type.Union([Type.String(), Type.Null()], { description: 'The field at fault.' }),
      code: Type.Enum([...PUBLIC_ERROR_CODES], { description: 'The same word as `type`.' })
    })
  },
  { description: 'The one shape of every error.' }
)

/** What every route that needs a key may be answered. */
const EVERYWHERE = [
  'invalid_request',
  'invalid_api_key',
  'permission_denied',
  'rate_limit_exceeded',
  'internal_error',
  'database_unavailable'
] as const satisfies PublicErrorCode[]

/** What a call that makes images may be refused with. */
export const MAKING_IMAGES = [
  ...(['missing_prompt', 'missing_model', 'invalid_json', 'invalid_size', 'request_too_large'] as const),
  ...(['unsupported_media_type', 'no_provider', 'not_found', 'idempotency_mismatch'] as const),
  ...(['insufficient_quota', 'queue_full', 'shutting_down', 'storage_unavailable'] as const)
] as const satisfies PublicErrorCode[]

/** The same for a call that brings images. */
export const TAKING_IMAGES = [
  ...(['missing_file', 'file_too_large', 'too_many_images', 'invalid_mask', 'invalid_image'] as const),
  ...(['image_too_large', 'remote_image_refused'] as const)
] as const satisfies PublicErrorCode[]

/** How images may end that a caller waits for. */
export const WAITING_FOR_IMAGES = [
  ...(['content_rejected', 'canceled', 'upstream_error', 'upstream_busy', 'timeout'] as const)
] as const satisfies PublicErrorCode[]

/** For the API document: the answers of a route that can go wrong with these errors, by status. */
export function errorAnswers(codes: readonly PublicErrorCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_MEANINGS[code].statuses[0])
  return Object.fromEntries(
    [...byStatus].map(([status, all]) => [
      status,
      {
        description: all.map((code) => `- \`${code}\`: ${ERROR_MEANINGS[code].meaning}`).join('\n'),
        content: { 'application/json': { schema: ErrorResponse } }
      }
    ])
  )
}

/** The same, with what every route that needs a key may be answered. */
export const errorResponses = (...codes: readonly PublicErrorCode[]) => errorAnswers([...EVERYWHERE, ...codes])
