import { Type } from 'typebox'

/** For the API document: the `id` in the path of a route. */
export const idParams = (description: string, example: string) =>
  Type.Object({ id: Type.String({ description, examples: [example] }) })

const job = 'The `id` of a job, which is the `request_id` of a call that waited.'
export const JobParams = idParams(job, 'req_2n5kq0v8c4')
export const BatchParams = idParams('The `id` of a batch.', 'bat_7f3mz1x9d2')

/** For the API document: which part of a list is wanted. */
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most.' })),
  after: Type.Optional(Type.String({ maxLength: 100, description: 'The `last_id` of the page before.' }))
}

/** For the API document: the time that usage is counted in. */
export const TimeRange = {
  start_time: Type.Integer({
    minimum: 0,
    maximum: 1e11,
    description: 'Unix seconds, included.',
    examples: [1780266332]
  }),
  end_time: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1e11, description: 'Unix seconds, excluded; default now.' })
  )
}
