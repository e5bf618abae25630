import { Type } from 'typebox'
import { toUnixSeconds } from '../../../lib/clock.ts'
import { presentWait } from '../../openai/present-job.ts'
import { waitSchema } from '../wait-schema.ts'
import type { Hourly } from '../../../request-views/find-hourly.ts'
import type { OnlineModel } from './list-online-models.ts'

/** An entry of OpenAI's model list with the members of this product added. */
export const presentModel = (model: OnlineModel) => ({
  id: model.id,
  object: 'model',
  created: toUnixSeconds(model.createdAt),
  owned_by: model.ownedBy,
  service_type: 'image',
  input_modalities:
    model.features.includes('edit') || model.features.includes('variation') ? ['text', 'image'] : ['text'],
  output_modalities: ['image'],
  supported_features: model.features,
  loras: model.loras,
  sizes: ['auto', 'WIDTHxHEIGHT'],
  providers: model.providers,
  queued: model.queued,
  ...(model.wait && { waiting: presentWait(model.wait) }),
  ...(model.hourly && { hourly: presentHourly(model.hourly) })
})

const presentHourly = ({ next, isShared, ...same }: Hourly) => ({
  ...same,
  shared: isShared,
  ...(next !== undefined && { next: Math.ceil(next / 1000) })
})

export const ModelResponse = Type.Object({
  id: Type.String(),
  object: Type.Literal('model'),
  created: Type.Integer({ description: 'Unix seconds.' }),
  owned_by: Type.String({ description: 'A provider that offers it.' }),
  service_type: Type.Literal('image'),
  input_modalities: Type.Array(Type.String()),
  output_modalities: Type.Array(Type.String()),
  supported_features: Type.Array(Type.String()),
  loras: Type.Array(Type.String(), {
    description: 'LoRAs that `loras` of a call may name, where the owners of its providers allow it.'
  }),
  sizes: Type.Array(Type.String(), { description: 'Any size is passed on to the provider.' }),
  providers: Type.Integer({
    description:
      'Providers that could make an image with it now; 0 while all their image servers are down: what is asked for then waits.'
  }),
  queued: Type.Integer({ description: 'Images waiting for it.' }),
  waiting: Type.Optional(waitSchema('Why what you ask for would wait, when nobody may begin it now.')),
  hourly: Type.Optional(
    Type.Object(
      {
        images: Type.Integer({ description: 'How many you may have within an hour.' }),
        left: Type.Integer({
          description: 'How many of these may begin now, beside those that are being made; more wait.'
        }),
        shared: Type.Boolean({ description: 'What others had counts, too: it is for all of you together.' }),
        next: Type.Optional(
          Type.Integer({ description: 'Unix seconds: when the first of those that were had no longer counts.' })
        ),
        provider: Type.Optional(Type.String({ description: 'That lets you have them, where it is one.' }))
      },
      {
        description:
          'What you may have of it within an hour, where the owners of all its providers, or the club of new ones, say so.'
      }
    )
  )
})
