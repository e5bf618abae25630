import type { Fingerprint } from '../fingerprint.ts'
import { members } from '../upstream-text.ts'
import { parseModels } from './invokeai-api.ts'
import { INVOKEAI } from './invokeai-description.ts'
import { architectureOf } from './invokeai-models.ts'

/** InvokeAI by its version, which it tells everybody, and its list of models. */
export const fingerprintInvoke: Fingerprint = async (look) => {
  const [app, list] = await Promise.all([look.get('/api/v1/app/version'), look.get('/api/v2/models/')])
  const { version } = members(app?.json)
  if (typeof version !== 'string' || list === undefined || list.status === 404) return undefined
  const server = `InvokeAI ${version.slice(0, 40)}`
  if (list.status === 401 || list.status === 403) {
    return {
      engine: INVOKEAI,
      server,
      models: [],
      note: 'It wants an account: give a token of one, or email:password, as api_key.'
    }
  }
  const found = parseModels(list.json)
  if (!found) return undefined
  const models = found
    .filter((model) => architectureOf(model) !== undefined)
    .map(({ key, name }) => ({
      // Names may be of several models.
      servedAs: found.filter((other) => other.type === 'main' && other.name === name).length > 1 ? key : name,
      name
    }))
  return {
    engine: INVOKEAI,
    server,
    models,
    ...(models.length === 0 && { note: 'It has no model of SD 1.5, SDXL or Flux.' })
  }
}
