import { errors } from '../../lib/errors.ts'
import type { UseLimits } from '../../lib/principal.ts'
import { Fields } from '../openai/fields.ts'
import { refuseUnknown } from '../refuse-unknown.ts'

const MOST_MODELS = 100
const MOST_MODEL_CHARACTERS = 200

/** The `KeyLimits` of a call; null or nothing is no limit. Throws `invalid_request` with the field as `limits.<name>`. */
export function parseLimits(value: unknown): UseLimits {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw errors.invalidRequest("'limits' must be an object.", 'limits')
  }
  const limits = new Fields(
    Object.fromEntries(Object.entries(value).map(([name, limit]) => [`limits.${name}`, limit as unknown]))
  )
  const count = (name: 'imagesPerDay' | 'imagesPerMonth' | 'maxActive' | 'maxPixels') => {
    const limit = limits.integer(`limits.${name}`, { min: 1, max: Number.MAX_SAFE_INTEGER })
    return limit === undefined ? {} : { [name]: limit }
  }
  const models = limits.value('limits.models')
  const parsed = {
    ...count('imagesPerDay'),
    ...count('imagesPerMonth'),
    ...count('maxActive'),
    ...count('maxPixels'),
    ...(models !== undefined && { models: parseModels(models) })
  }
  refuseUnknown(limits)
  return parsed
}

function parseModels(value: unknown): string[] {
  const param = 'limits.models'
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_MODELS) {
    throw errors.invalidRequest(`'${param}' must be a list of 1 to ${MOST_MODELS} ids of models.`, param)
  }
  const models = value.map((model: unknown) => (typeof model === 'string' ? model.trim() : ''))
  if (models.some((model) => model === '' || model.length > MOST_MODEL_CHARACTERS)) {
    throw errors.invalidRequest(`'${param}' must hold ids of models, as GET /v1/models lists them.`, param)
  }
  return [...new Set(models)]
}
