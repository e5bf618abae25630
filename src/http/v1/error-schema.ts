import { Type } from 'typebox'

export const ErrorResponse = Type.Object(
  {
    error: Type.Object({
      message: Type.String({ description: 'What is wrong and what to do.' }),
      type: Type.String({ description: 'A stable word.' }),
      param: Type.Union([Type.String(), Type.Null()], { description: 'The field at fault.' }),
      code: Type.String({ description: 'The same word as `type`.' })
    })
  },
  { description: 'The one shape of every error.' }
)

/** For the API document: the answers of a route that can go wrong. */
export const errorResponses = { '4xx': ErrorResponse, '5xx': ErrorResponse }
