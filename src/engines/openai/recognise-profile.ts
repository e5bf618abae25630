import { lookAtServer, type ServerLook } from '../server-look.ts'
import { members, parseJson } from '../upstream-text.ts'
import { PROFILES, type ServerProfile } from './profiles.ts'

const AZURE_HOSTS = /\.(?:openai\.azure\.(?:com|us|cn)|cognitiveservices\.azure\.com|services\.ai\.azure\.com)$/i

/** The profile of a server that is known by its address alone; undefined: it has to be asked. */
export function profileOfAddress(url: string): ServerProfile | undefined {
  const { hostname } = new URL(url)
  if (hostname === 'api.openai.com' || hostname.endsWith('.api.openai.com')) return PROFILES.openai
  return AZURE_HOSTS.test(hostname) ? PROFILES.azure : undefined
}

/** The profile of a server by what it answers and by the `entries` of its list of models. */
export async function recogniseProfile(
  look: ServerLook,
  entries: readonly Record<string, unknown>[]
): Promise<ServerProfile> {
  const isOwner = (name: string) => entries.some(({ owned_by }) => owned_by === name)
  if (entries.some(({ id }) => id === 'sd-cpp-local')) return PROFILES['sd-server']
  if (isOwner('sglang')) return PROFILES.sglang
  if (isOwner('vllm')) return PROFILES['vllm-omni']
  if (isOwner('koboldcpp')) return PROFILES.koboldcpp
  const [health, self, system, running, lively] = await Promise.all([
    look.get('/v1/health'),
    look.get('/.well-known/localai.json'),
    look.get('/system'),
    look.get('/running'),
    look.get('/health/liveliness')
  ])
  if ('model_loaded' in members(health?.json)) return PROFILES.lemonade
  if (Array.isArray(members(running?.json).running)) return PROFILES['llama-swap']
  if (lively?.status === 200 && /alive/i.test(lively.text)) return PROFILES.litellm
  // The second is older, and of admins alone where there are accounts.
  const isLocalAI = 'endpoints' in members(self?.json) || Array.isArray(members(system?.json).loaded_models)
  return isLocalAI ? PROFILES.localai : PROFILES.generic
}

/** Of an answer to `GET /v1/models`; undefined when it is none. */
export function modelEntries(json: unknown): Record<string, unknown>[] | undefined {
  const { data } = members(json)
  if (!Array.isArray(data)) return undefined
  return (data as unknown[]).map(members).filter(({ id }) => typeof id === 'string' && id !== '')
}

/**
 * The profile of the server at the root of an API, whose answer to `GET /models` is `list`; undefined as long as it is none.
 */
export async function identifyProfile(
  server: { url: string; apiKey?: string; headers?: Record<string, string> },
  list: string
): Promise<ServerProfile | undefined> {
  const entries = modelEntries(parseJson(list))
  if (!entries) return undefined
  const url = new URL(server.url)
  url.pathname = ''
  url.search = ''
  return (await lookAtServer({ ...server, url: url.href }, (look) => recogniseProfile(look, entries))).result
}
