import { Type } from 'typebox'
import { FIELDS } from '../../../images/fields.ts'
import { BACKGROUNDS, QUALITIES } from '../../../images/image-report.ts'
import { OUTPUT_FORMATS } from '../../../images/media-types.ts'
import { fieldSchemas } from './field-schemas.ts'
import { REQUEST_ID_HEADER } from './image-exchange.ts'

/**
 * The shapes in the API document. They describe; what is accepted is decided by `parse-image-request.ts`, which is more
 * lenient (numbers as text, `null` as absent) and answers with the codes of the contract. A test compares the two, field
 * by field and at every bound. Bounds that operators set are in the chapter on limits.
 */
const prompt = (description: string) => Type.String({ description, examples: [...FIELDS.prompt.examples] })

const open = {
  additionalProperties: true,
  description:
    'Fields that are not listed here are recorded, and passed to the services that list them in their `extras`; else a warning names them.'
}

export const CreateImageBody = Type.Object(
  { prompt: prompt(FIELDS.prompt.description), ...fieldSchemas('generation') },
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

const EditFields = { prompt: prompt('What to change.'), ...fieldSchemas('edit') }

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

const VaryFields = fieldSchemas('variation')
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

const choice = (values: readonly string[], description: string) =>
  Type.Optional(Type.Enum([...values], { description }))

const TokenDetails = Type.Object({ text_tokens: Type.Integer(), image_tokens: Type.Integer() })

export const ImagesResponse = Type.Object({
  created: Type.Integer({ description: 'Unix seconds.' }),
  request_id: Type.String({ description: 'Also the id of its job: `GET /v1/jobs/{id}`.' }),
  data: Type.Array(
    Type.Object({
      url: Type.Optional(
        Type.String({
          format: 'uri',
          description: 'Works in an <img> tag; of private and secret images a link signed for a time.'
        })
      ),
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
const ANSWER_HEADERS = {
  'openai-processing-ms': Type.Integer({ description: 'Milliseconds from the call to its answer.' })
}
export const ImagesAnswer = Type.Object(ImagesResponse.properties, { headers: ANSWER_HEADERS })

const EVENTS =
  'With `stream: true`, as OpenAI sends them: `image_generation.partial_image` (of edits `image_edit.partial_image`) for each preview, then `image_generation.completed` (`image_edit.completed`) or `error`. Comments keep the connection open.'

/** The answer of a call that may ask for a stream. */
export const ImagesOrEvents = {
  description: 'The images, or the events of one.',
  headers: {
    ...ANSWER_HEADERS,
    [REQUEST_ID_HEADER]: Type.String({ description: 'Of a stream: the request, whose job is `GET /v1/jobs/{id}`.' })
  },
  content: {
    'application/json': { schema: ImagesResponse },
    'text/event-stream': { schema: Type.String({ description: EVENTS }) }
  }
}
