import { Type } from 'typebox'
import { BACKGROUNDS, QUALITIES } from '../../../images/image-report.ts'
import { OUTPUT_FORMATS } from '../../../images/media-types.ts'
import { RESPONSE_FORMATS } from '../../openai/parse-image-request.ts'

/**
 * The shapes in the API document. They describe; what is accepted is decided by `parse-image-request.ts`, which is more
 * lenient (numbers as text, `null` as absent) and answers with the codes of the contract.
 */
const choice = (values: readonly string[], description: string) =>
  Type.Optional(Type.Enum([...values], { description }))

export const ImageFields = {
  model: Type.String({ description: 'An image model id from GET /v1/models.', examples: ['demo'] }),
  n: Type.Optional(Type.Integer({ minimum: 1, default: 1, description: 'Images wanted; clamped to the limit.' })),
  size: Type.Optional(Type.String({ description: '`auto` or `WIDTHxHEIGHT`.', examples: ['1024x1024'] })),
  response_format: choice(RESPONSE_FORMATS, '`url` (default), or `b64_json` to get the bytes inline as well.'),
  async: Type.Optional(Type.Boolean({ description: 'Answer 202 with a job at once instead of waiting.' })),
  output_format: choice(OUTPUT_FORMATS, 'Converted where the engine returns something else.'),
  output_compression: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'For jpeg and webp.' })),
  background: choice(['transparent', 'opaque', 'auto'], 'Transparent needs png or webp.'),
  quality: Type.Optional(Type.String()),
  style: Type.Optional(Type.String()),
  moderation: choice(['low', 'auto'], 'Passed to engines that know it.'),
  user: Type.Optional(Type.String({ description: 'Your end-user id; recorded, not forwarded.' })),
  seed: Type.Optional(
    Type.Integer({
      minimum: -1,
      description:
        'Of the first image; image i uses seed + i. -1 has one drawn; of more than 32 bits the remainder modulo 2^32 is used.'
    })
  ),
  negative_prompt: Type.Optional(Type.String()),
  steps: Type.Optional(Type.Integer({ minimum: 1 })),
  guidance_scale: Type.Optional(Type.Number({ minimum: 0 })),
  sampler: Type.Optional(Type.String())
}

export const CreateImageBody = Type.Object(
  { prompt: Type.String({ description: 'What to show.', examples: ['a red fox in the snow'] }), ...ImageFields },
  {
    additionalProperties: true,
    description: 'Fields not listed here are recorded and passed to engines that know them.'
  }
)

const File = (description: string) => Type.Unsafe<unknown>({ type: 'string', format: 'binary', description })

export const EditImageBody = Type.Object(
  {
    image: File(
      'png, jpeg or webp; repeat it, or use `image[]`, for several. In JSON: `images: [{image_url | file_id}]`.'
    ),
    mask: Type.Optional(File('png or webp of the size of the first image; transparent = change here.')),
    prompt: Type.String({ description: 'What to change.' }),
    inference_club_alpha_mask: Type.Optional(
      Type.Boolean({
        description: 'Without a mask: change what is fully transparent in the first image, keep the rest.'
      })
    ),
    strength: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: '0 keeps the image, 1 ignores it.' })),
    ...ImageFields
  },
  { additionalProperties: true }
)

export const VaryImageBody = Type.Object(
  { image: File('png, jpeg or webp.'), ...ImageFields },
  { additionalProperties: true }
)

const TokenDetails = Type.Object({ text_tokens: Type.Integer(), image_tokens: Type.Integer() })

export const ImagesResponse = Type.Object({
  created: Type.Integer({ description: 'Unix seconds.' }),
  request_id: Type.String(),
  data: Type.Array(
    Type.Object({
      url: Type.Optional(Type.String({ format: 'uri', description: 'Works in an <img> tag.' })),
      b64_json: Type.Optional(Type.String()),
      asset_id: Type.String(),
      seed: Type.Union([Type.Integer(), Type.Null()]),
      revised_prompt: Type.Optional(
        Type.String({ description: 'As the image server says that it rewrote the prompt; a long one ends in `…`.' })
      )
    })
  ),
  size: Type.String(),
  output_format: Type.String(),
  quality: choice(QUALITIES, 'When the image server tells it, and all images agree.'),
  background: choice(BACKGROUNDS, 'When the image server tells it, and all images agree.'),
  usage: Type.Optional(
    Type.Object(
      {
        total_tokens: Type.Integer(),
        input_tokens: Type.Integer(),
        output_tokens: Type.Integer(),
        input_tokens_details: TokenDetails,
        output_tokens_details: Type.Optional(TokenDetails)
      },
      { description: "Summed over the images, when every image's server tells it whole. Limits count images." }
    )
  ),
  warnings: Type.Optional(Type.Array(Type.String()))
})
