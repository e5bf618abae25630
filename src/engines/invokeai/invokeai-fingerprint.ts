import type { Fingerprint } from '../fingerprint.ts'
import { adviseOnSockets } from '../passed-sockets.ts'
import type { LookAnswer, ServerLook } from '../server-look.ts'
import { members } from '../upstream-text.ts'
import { parseModels } from './invokeai-api.ts'
import { INVOKEAI } from './invokeai-description.ts'
import { readAccount, SOCKET_PATH } from './invokeai-http.ts'
import { listDrawn } from './invokeai-models.ts'

const MODELS = '/api/v2/models/'

/** InvokeAI by its version, which it tells everybody, and its list of models. */
export const fingerprintInvoke: Fingerprint = async (look) => {
  const [app, open] = await Promise.all([look.get('/api/v1/app/version'), look.get(MODELS)])
  const { version } = members(app?.json)
  if (typeof version !== 'string' || open === undefined || open.status === 404) return undefined
  const list = open.status === 401 ? ((await signedIn(look)) ?? open) : open
  const server = `InvokeAI ${version.slice(0, 40)}`
  if (list.status === 401 || list.status === 403) {
    return {
      engine: INVOKEAI,
      server,
      models: [],
      wantsKey: true,
      note: 'It wants an account: its key is a token of one, or email:password.'
    }
  }
  const found = parseModels(list.json)
  if (!found) return undefined
  const advice = await adviseOnSockets((headers) => look.get(SOCKET_PATH, headers), new AbortController().signal)
  const models = listDrawn(found).filter(({ isIncomplete }) => !isIncomplete)
  return {
    engine: INVOKEAI,
    server,
    models,
    ...advice,
    ...(models.length === 0 && { note: 'It has no model of SD 1.5, SDXL or Flux.' })
  }
}

/** The list as the account sees it whose password, or token, the key is. */
async function signedIn(look: ServerLook): Promise<LookAnswer | undefined> {
  const account = readAccount(look.heldKey)
  const { token } = account ? members((await look.post('/api/v1/auth/login', account))?.json) : { token: look.heldKey }
  return typeof token === 'string' ? look.get(MODELS, { authorization: `Bearer ${token}` }) : undefined
}
