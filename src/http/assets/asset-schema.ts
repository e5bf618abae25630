import { Type } from 'typebox'
import { OUTPUT_FORMATS } from '../../images/media-types.ts'
import { errorAnswers } from '../v1/error-schema.ts'
import { idParams } from '../v1/request-schemas.ts'
import { MAX_WIDTH, MIN_WIDTH } from './parse-thumbnail.ts'

const text = (description: string) => Type.String({ description })

const validators = {
  etag: text('Its SHA-256; that of a thumbnail also names width and format.'),
  'cache-control': text(
    'As the operator says; of private images `private, no-cache`, of secret ones, inputs and masks `private, no-store`.'
  )
}

const bytes = Object.fromEntries(
  OUTPUT_FORMATS.map((format) => [
    `image/${format}`,
    { schema: { type: 'string', contentMediaType: `image/${format}` } }
  ])
)

/** For the API document: the bytes of an image. */
export const AssetSchema = {
  operationId: 'getAsset',
  tags: ['Images'],
  summary: 'The bytes of an image',
  description:
    'What the `url` of an image points to; it works in an `<img>` tag. Public and unlisted images need no key. Private ones are for members, secret ones, source images and masks for their owner (the latter two for admins, too): send the API key along, or use the signed link that answers hold, or a share link. Knows `HEAD`, `Range` and `If-None-Match`.',
  // With a key or without.
  security: [{}, { apiKey: [] }],
  params: idParams('The `asset_id` of an image.', 'ast_9k2v7m4h1p'),
  querystring: Type.Object({
    width: Type.Optional(
      Type.Integer({
        minimum: MIN_WIDTH,
        maximum: MAX_WIDTH,
        description: 'A thumbnail at least so wide, as far as the image is; rounded up to one of a few widths.'
      })
    ),
    format: Type.Optional(Type.Enum([...OUTPUT_FORMATS], { description: 'The image in another format.' })),
    expires: Type.Optional(Type.String({ description: 'Of a signed link: its end, in Unix seconds.' })),
    signature: Type.Optional(Type.String({ description: 'Of a signed link.' })),
    share: Type.Optional(Type.String({ description: 'Of a share link.' }))
  }),
  response: {
    200: {
      description: 'The image.',
      headers: { ...validators, 'accept-ranges': text('`bytes`') },
      content: bytes
    },
    206: {
      description: 'The part of it that `range` asked for.',
      headers: { ...validators, 'content-range': text('Which bytes of how many.') },
      content: bytes
    },
    302: {
      description:
        'Where the bytes are, when the operator has images delivered by a bucket or a content delivery network.',
      type: 'null',
      headers: { location: text('Good for some minutes.'), 'cache-control': text('`no-store`') }
    },
    304: { description: 'It is what `if-none-match` named.', type: 'null', headers: validators },
    ...errorAnswers([
      ...(['invalid_request', 'invalid_api_key', 'permission_denied', 'not_found', 'rate_limit_exceeded'] as const),
      ...(['internal_error', 'storage_unavailable', 'database_unavailable'] as const)
    ]),
    416: {
      ...errorAnswers(['invalid_request'])[400],
      description: '- `invalid_request`: The range is outside of the image.'
    }
  }
}
