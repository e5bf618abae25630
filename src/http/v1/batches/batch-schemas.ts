import { Type } from 'typebox'
import { MOST_REQUESTS } from '../../../batches/batches.ts'

export const BATCH_ENDPOINTS = ['/v1/images/generations', '/v1/images/edits', '/v1/images/variations'] as const

export const CreateBatchBody = Type.Object(
  {
    label: Type.Optional(Type.String({ maxLength: 200, description: 'For you to know it by.' })),
    requests: Type.Array(
      Type.Object({
        endpoint: Type.Enum([...BATCH_ENDPOINTS]),
        body: Type.Record(Type.String(), Type.Unknown(), {
          description: 'As that endpoint takes it, as JSON; each becomes a job, with or without `async`.'
        })
      }),
      { minItems: 1, maxItems: MOST_REQUESTS }
    )
  },
  {
    'x-examples': {
      batch: {
        summary: 'Two requests',
        value: {
          label: 'postcards',
          requests: [
            { endpoint: BATCH_ENDPOINTS[0], body: { model: 'demo', prompt: 'a red fox in the snow', size: '512x512' } },
            {
              endpoint: BATCH_ENDPOINTS[0],
              body: { model: 'demo', prompt: 'aurora over a frozen lake', size: '512x512' }
            }
          ]
        }
      }
    }
  }
)

export const BatchResponse = Type.Object({
  id: Type.String(),
  object: Type.Literal('inference.batch'),
  label: Type.Union([Type.String(), Type.Null()]),
  status: Type.Enum(['PENDING', 'PROCESSING', 'DONE']),
  total: Type.Integer(),
  queued: Type.Integer(),
  processing: Type.Integer(),
  processed: Type.Integer(),
  failed: Type.Integer(),
  canceled: Type.Integer(),
  created: Type.Integer({ description: 'Unix seconds.' }),
  jobs: Type.Array(Type.Object({ id: Type.String(), status: Type.String() }))
})
