import { Type } from 'typebox'
import { BACKGROUNDS, QUALITIES } from '../../../images/image-report.ts'
import { OUTPUT_FORMATS } from '../../../images/media-types.ts'
import { RESPONSE_FORMATS, ROUTINGS } from '../../openai/parse-image-request.ts'

/**
 * The shapes in the API document. They describe; what is accepted is decided by `parse-image-request.ts`, which is more
 * lenient (numbers as text, `null` as absent) and answers with the codes of the contract. A test compares the two, field
 * by field and at every bound. Bounds that operators set are in the chapter on limits.
 */
const choice = (values: readonly string[], description: string) =>
  Type.Optional(Type.Enum([...values], { description }))
const text = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }))

const ImageFields = {
  model: Type.String({ maxLength: 200, description: 'An image model id from `GET /v1/models`.', examples: ['demo'] }),
  n: Type.Optional(
    Type.Integer({
      minimum: 1,
      default: 1,
      description: 'Images wanted; more than the limit is clamped, with a warning.'
    })
  ),
  size: Type.Optional(
    Type.String({ default: 'auto', description: '`auto` or `WIDTHxHEIGHT`, in pixels.', examples: ['1024x1024'] })
  ),
  response_format: choice(
    RESPONSE_FORMATS,
    '`url`, or `b64_json` to get the bytes inline as well. Default: as the key says, else `url`.'
  ),
  async: Type.Optional(
    Type.Boolean({ default: false, description: 'Answer 202 with a job at once instead of waiting for the images.' })
  ),
  webhook_url: text(
    1024,
    'With `async: true`: this `http` or `https` address is called when the job ends. The secret of the key signs the call.'
  ),
  output_format: choice(OUTPUT_FORMATS, 'Converted where the engine returns something else. Default: as it came.'),
  output_compression: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'For jpeg and webp.' })),
  background: choice(['transparent', 'opaque', 'auto'], 'Transparent needs png or webp.'),
  quality: text(40, 'As the engine names it: `low`, `medium`, `high`, `auto`, …'),
  style: text(200, 'As the engine names it.'),
  moderation: choice(['low', 'auto'], 'Passed to engines that know it.'),
  user: text(1000, 'Your end-user id; recorded, not forwarded.'),
  seed: Type.Optional(
    Type.Integer({
      minimum: -1,
      description:
        'Of the first image; image i uses seed + i. -1, or none, has one drawn; of more than 32 bits the remainder modulo 2^32 is used.',
      examples: [42]
    })
  ),
  negative_prompt: Type.Optional(
    Type.String({ description: 'What not to show, where the engine can. At most as long as a prompt.' })
  ),
  steps: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'Sampling steps, where the engine can.', examples: [20] })
  ),
  guidance_scale: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1000, description: 'How closely to follow the prompt, where the engine can.' })
  ),
  sampler: text(100, 'As the engine names it.'),
  strength: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Of an edit or variation: 0 keeps the image, 1 ignores it, where the engine can.'
    })
  ),
  inference_club_routing: choice(
    ROUTINGS,
    'Whose machines may work on it: `any` (default), `prefer_own`, or `only_own`, which waits for yours.'
  ),
  inference_club_alpha_mask: Type.Optional(
    Type.Boolean({
      description:
        'Of an edit without a mask: change what is fully transparent (alpha 0) in the first image, keep the rest.'
    })
  ),
  visibility: choice(['UNLISTED'], 'Who may see the images: anybody who has the URL. Other values are not there yet.'),
  stream: Type.Optional(Type.Literal(false, { description: 'Not there yet: `true` is refused.' })),
  partial_images: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 0, description: 'Not there yet: more than 0 is refused.' })
  )
}

const prompt = (description: string) => Type.String({ description, examples: ['a red fox in the snow'] })

const open = {
  additionalProperties: true,
  description:
    'Fields that are not listed here are recorded, and passed to the services that list them in their `extras`; else a warning names them.'
}

export const CreateImageBody = Type.Object(
  { prompt: prompt('What to show.'), ...ImageFields },
  {
    ...open,
    'x-examples': {
      image: {
        summary: 'An image',
        value: { model: 'demo', prompt: 'a red fox in the snow', size: '1024x1024' }
      },
      job: {
        summary: 'A job, whose answer does not wait',
        value: { model: 'demo', prompt: 'a lighthouse above a stormy sea', size: '512x512', n: 2, async: true }
      },
      settings: {
        summary: 'Repeatable, with settings of the engine',
        value: {
          ...{ model: 'demo', prompt: 'an owl on a branch by moonlight', negative_prompt: 'text', size: '512x512' },
          ...{ seed: 42, steps: 8, output_format: 'webp', inference_club_routing: 'prefer_own' }
        }
      }
    }
  }
)

const File = (description: string) => Type.Unsafe<unknown>({ type: 'string', format: 'binary', description })

const mask = 'Of the size of the first image; transparent (alpha 0) = change here, opaque = keep.'

/** An image in JSON. */
const Reference = (description: string) =>
  Type.Union(
    [
      Type.Object({
        image_url: Type.String({
          description: 'A base64 data URL, or the URL of an image stored here. Nothing is fetched from other hosts.'
        })
      }),
      Type.Object({ file_id: Type.String({ description: 'The `asset_id` of an image stored here.' }) }),
      Type.String({ description: 'The same as `image_url`.' })
    ],
    { description }
  )

const EditFields = { prompt: prompt('What to change.'), ...ImageFields }

/** As a form; the images may come in any order and place. */
export const EditImageForm = Type.Object(
  {
    image: Type.Array(File('png, jpeg or webp, judged by content.'), {
      minItems: 1,
      description: 'Repeated for several: `image`, `image[]` or `image[0]`.'
    }),
    mask: Type.Optional(File(`png or webp. ${mask}`)),
    ...EditFields
  },
  open
)

const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAAA1BMVEU6bqXTREzSAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAD0lEQVQoz2NgGAWjgHwAAAJAAAGMxat3AAAAAElFTkSuQmCC'

export const EditImageJson = Type.Object(
  {
    images: Type.Array(Reference('A source image.'), { minItems: 1, description: '`image` is taken as well, as one.' }),
    mask: Type.Optional(Reference(mask)),
    ...EditFields
  },
  {
    ...open,
    'x-examples': {
      edit: {
        summary: 'An image as a data URL',
        value: { model: 'demo', prompt: 'make the sky a sunset', images: [{ image_url: PICTURE }] }
      }
    }
  }
)

const { inference_club_alpha_mask: _ofEdits, ...VaryFields } = ImageFields
const varyPrompt = Type.Optional(Type.String({ description: 'For engines whose variations follow one.' }))

export const VaryImageForm = Type.Object(
  { image: File('png, jpeg or webp, judged by content.'), prompt: varyPrompt, ...VaryFields },
  open
)

export const VaryImageJson = Type.Object(
  { image: Reference('The image to vary.'), prompt: varyPrompt, ...VaryFields },
  {
    ...open,
    'x-examples': {
      variation: { summary: 'An image as a data URL', value: { model: 'demo', n: 2, image: { image_url: PICTURE } } }
    }
  }
)

const TokenDetails = Type.Object({ text_tokens: Type.Integer(), image_tokens: Type.Integer() })

export const ImagesResponse = Type.Object({
  created: Type.Integer({ description: 'Unix seconds.' }),
  request_id: Type.String({ description: 'Also the id of its job: `GET /v1/jobs/{id}`.' }),
  data: Type.Array(
    Type.Object({
      url: Type.Optional(Type.String({ format: 'uri', description: 'Works in an <img> tag.' })),
      b64_json: Type.Optional(Type.String({ description: 'The bytes, when they were asked for.' })),
      asset_id: Type.String({ description: 'Can be sent as the `file_id` of an edit.' }),
      seed: Type.Union([Type.Integer(), Type.Null()], { description: 'As used; null where the engine knows none.' }),
      revised_prompt: Type.Optional(
        Type.String({ description: 'As the image server says that it rewrote the prompt; a long one ends in `…`.' })
      )
    })
  ),
  size: Type.String({ description: 'Of the first image, as decoded.' }),
  output_format: Type.Enum([...OUTPUT_FORMATS]),
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
  warnings: Type.Optional(
    Type.Array(Type.String(), { description: 'What was asked for and could not be done, in sentences.' })
  )
})

/** The answer of a call that waited for its images. */
export const ImagesAnswer = Type.Object(ImagesResponse.properties, {
  headers: { 'openai-processing-ms': Type.Integer({ description: 'Milliseconds from the call to its answer.' }) }
})
