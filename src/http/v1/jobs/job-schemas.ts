import { Type } from 'typebox'
import { REPORT_REASONS } from '../../../lib/report-reasons.ts'
import { ATTEMPT_REASONS } from '../../../requests/request-states.ts'
import { VISIBILITIES } from '../../../lib/visibility.ts'
import { ImagesResponse } from '../images/image-schemas.ts'
import { ErrorResponse } from '../error-schema.ts'
import { waitSchema } from '../wait-schema.ts'

const nullable = (of: ReturnType<typeof Type.Integer>) => Type.Union([of, Type.Null()])

const Envelope = {
  id: Type.String(),
  object: Type.Literal('inference.job'),
  status: Type.Enum(['QUEUED', 'PROCESSING', 'PROCESSED', 'FAILED', 'CANCELED'], {
    description:
      '`PROCESSING`: an image of it is being made, or some of several have ended and the next is made when its turn comes. `QUEUED`: else, until it has ended, whatever was tried before.'
  }),
  inference_type: Type.Literal('IMAGE'),
  model: Type.String(),
  created: Type.Integer({ description: 'Unix seconds.' }),
  queued_at: Type.String({ format: 'date-time' })
}

const warnings = Type.Optional(
  Type.Array(Type.String(), { description: 'What is not done as asked, as far as it is known.' })
)

export const JobEnvelope = Type.Object({ ...Envelope, warnings })

export const JobResponse = Type.Object({
  ...Envelope,
  kind: Type.Enum(['generation', 'edit', 'variation']),
  prompt: Type.String(),
  visibility: Type.Enum([...VISIBILITIES], { description: 'Who may fetch its images.' }),
  taken_down: Type.Optional(
    Type.Object(
      {
        reason: Type.Enum([...REPORT_REASONS]),
        at: Type.Integer({ description: 'Unix seconds.' })
      },
      { description: 'An admin has hidden its images from everybody but its owner and admins; no link to them counts.' }
    )
  ),
  expires_in: nullable(
    Type.Integer({
      description: 'Seconds for which it is kept after its end; 0: until it is delivered, null: it is kept.'
    })
  ),
  expires_at: nullable(
    Type.Integer({ description: 'When it is deleted, Unix seconds; null: it has not ended, is pinned, or is kept.' })
  ),
  pinned: Type.Boolean({ description: 'It stays until it is deleted by hand.' }),
  parameters: Type.Record(Type.String(), Type.Unknown(), { description: 'As asked.' }),
  inputs: Type.Array(
    Type.Object({
      kind: Type.Enum(['input', 'mask']),
      asset_id: Type.String(),
      url: Type.String({ format: 'uri', description: 'For the owner: send the API key along.' }),
      media_type: Type.String(),
      width: Type.Integer(),
      height: Type.Integer(),
      bytes: Type.Integer()
    })
  ),
  progress: Type.Integer({ minimum: 0, maximum: 100 }),
  queue_position: Type.Optional(Type.Integer({ description: 'Of its first waiting image; 1 is next.' })),
  eta_seconds: Type.Optional(
    Type.Integer({
      description:
        'From measured speed and what has passed; missing when nobody knows, as once it takes longer than like images did.'
    })
  ),
  warnings,
  waiting: Type.Optional(waitSchema('Why its first waiting image waits, when nobody may begin it now.')),
  started_at: nullable(Type.Integer()),
  finished_at: nullable(Type.Integer()),
  attempts: Type.Array(
    Type.Object({
      image: Type.Integer({ description: 'Which image, from 0.' }),
      provider: Type.String(),
      service: Type.String(),
      status: Type.String({ description: '`running`, `lapsed`, `succeeded`, `failed` or `canceled`.' }),
      reason: Type.Union([Type.String(), Type.Null()], {
        description: `Why it brought no image: one of ${ATTEMPT_REASONS.map((reason) => `\`${reason}\``).join(', ')}, and after \`: \` what was said of that. Null: it did, or runs.`
      }),
      started_at: Type.Integer(),
      finished_at: nullable(Type.Integer())
    })
  ),
  result_url: Type.Optional(Type.String({ format: 'uri', description: 'The first image.' })),
  result: Type.Optional(ImagesResponse),
  error: Type.Optional(ErrorResponse.properties.error)
})
