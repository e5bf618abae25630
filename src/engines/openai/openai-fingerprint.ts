import type { Feature } from '../../images/image-request.ts'
import { type Fingerprint, type FoundModel, isPictureName, type Recognised } from '../fingerprint.ts'
import type { ServerLook } from '../server-look.ts'
import { members } from '../upstream-text.ts'
import { OPENAI } from './openai-description.ts'

/** One family of servers with OpenAI's API, and how far it has it. */
interface Family {
  server: string
  /** It makes images, whatever cannot be asked. */
  makesImages?: true
  features: readonly Feature[]
  /** How it reads masks. */
  mask?: 'white-edit'
  /** Of the entries of its list, those that make images; absent: all, of a server of images alone. */
  chooses?: (model: Record<string, unknown>) => boolean
}

const byName = ({ id }: Record<string, unknown>): boolean => isPictureName(String(id))

const SD_SERVER: Family = {
  server: 'stable-diffusion.cpp',
  makesImages: true,
  features: ['generate', 'edit', 'mask'],
  mask: 'white-edit'
}
const LEMONADE: Family = {
  server: 'Lemonade',
  features: ['generate', 'edit', 'mask', 'seed'],
  mask: 'white-edit',
  chooses: ({ recipe, labels }) => recipe === 'sd-cpp' || (Array.isArray(labels) && labels.includes('image'))
}
/** It has no edits of OpenAI's kind. */
const LOCALAI: Family = { server: 'LocalAI', features: ['generate', 'seed'], mask: 'white-edit', chooses: byName }
const SGLANG: Family = { server: 'SGLang', features: ['generate', 'edit', 'negative_prompt', 'seed'] }
const VLLM: Family = { server: 'vLLM-Omni', features: ['generate', 'edit', 'negative_prompt', 'seed'] }
const LLAMA_SWAP: Family = { server: 'llama-swap', features: ['generate'], chooses: byName }
const LITELLM: Family = { server: 'LiteLLM', features: ['generate'], chooses: byName }
const ANY: Family = { server: 'OpenAI-compatible server', features: ['generate'], chooses: byName }

/** stable-diffusion.cpp's server, which imitates the API of stable-diffusion-webui as well. */
export const fingerprintSdServer: Fingerprint = async (look) => {
  const { data } = members((await look.get('/v1/models'))?.json)
  const isOne = Array.isArray(data) && data.some((model) => members(model).id === 'sd-cpp-local')
  return isOne ? fingerprintOpenAI(look) : undefined
}

/** Whatever lists models as OpenAI does, with what is known of its family. The last to be asked. */
export const fingerprintOpenAI: Fingerprint = async (look) => {
  const [list, route] = await Promise.all([look.get('/v1/models'), look.get('/v1/images/generations')])
  const { data } = members(list?.json)
  // A call that must be a POST: whoever has it says so.
  const hasRoute = route?.status === 405
  if ((list?.status === 401 || list?.status === 403) && list.json !== undefined) return WITHOUT_KEY
  if (list?.status !== 200 || !Array.isArray(data)) return undefined
  const entries = (data as unknown[]).map(members).filter(({ id }) => typeof id === 'string' && id !== '')
  const family = await familyOf(look, entries)
  const { chooses = () => true, features, mask } = family
  const models = entries.filter(chooses).map(({ id }): FoundModel => ({ servedAs: String(id), features }))
  const isSure = family.makesImages === true || hasRoute || (family === LEMONADE && models.length > 0)
  return {
    engine: OPENAI,
    server: family.server,
    models: await withRealName(family, models, look),
    ...(mask && { options: { mask } }),
    ...(!isSure && { isUnsure: true }),
    ...noteOf({ isSure, models })
  }
}

const WITHOUT_KEY: Recognised = {
  server: 'a server that asks for a key',
  models: [],
  note: 'It asks for a key: write it into agent.yaml, as the api_key of its service.'
}

function noteOf({ isSure, models }: { isSure: boolean; models: readonly FoundModel[] }): { note?: string } {
  if (models.length === 0) return { note: 'None of its models is known to make images.' }
  return isSure ? {} : { note: 'Whether it makes images is not known: --try finds out.' }
}

async function familyOf(look: ServerLook, entries: readonly Record<string, unknown>[]): Promise<Family> {
  if (entries.some(({ id }) => id === 'sd-cpp-local')) return SD_SERVER
  if (entries.some(({ owned_by }) => owned_by === 'sglang')) return SGLANG
  if (entries.some(({ owned_by }) => owned_by === 'vllm')) return VLLM
  const [health, ready, running, lively] = await Promise.all([
    look.get('/v1/health'),
    look.get('/readyz'),
    look.get('/running'),
    look.get('/health/liveliness')
  ])
  if ('model_loaded' in members(health?.json)) return LEMONADE
  if (Array.isArray(members(running?.json).running)) return LLAMA_SWAP
  if (lively?.status === 200 && /alive/i.test(lively.text)) return LITELLM
  return ready?.status === 200 && !/<html/i.test(ready.text) ? LOCALAI : ANY
}

/** sd-server calls its only model by a name that says nothing; its file is told elsewhere. */
async function withRealName(family: Family, models: FoundModel[], look: ServerLook): Promise<FoundModel[]> {
  const [only] = models
  if (family !== SD_SERVER || !only) return models
  const [capabilities, checkpoints] = await Promise.all([
    look.get('/sdcpp/v1/capabilities'),
    look.get('/sdapi/v1/sd-models')
  ])
  const listed: unknown = Array.isArray(checkpoints?.json) ? checkpoints.json[0] : undefined
  const name = [members(members(capabilities?.json).model).stem, members(listed).model_name].find(
    (one) => typeof one === 'string' && one !== ''
  )
  return [{ ...only, ...(typeof name === 'string' && { name }) }]
}
