import { type Fingerprint, isPictureName, type Recognised } from '../fingerprint.ts'
import type { FoundModel } from '../inventory.ts'
import type { ServerLook } from '../server-look.ts'
import { members } from '../upstream-text.ts'
import { OPENAI } from './openai-description.ts'
import { type ProfileName, PROFILES, type ServerProfile } from './profiles.ts'
import { modelEntries, profileOfAddress, recogniseProfile } from './recognise-profile.ts'

/** Which models of a kind of servers make images. */
interface Family {
  /** It makes images, whatever cannot be asked. */
  makesImages?: true
  /** Of the entries of its list, those that make images; absent: all, of a server of images alone. */
  chooses?: (model: Record<string, unknown>) => boolean
}

const byName = ({ id }: Record<string, unknown>): boolean => isPictureName(String(id))

const FAMILIES: Record<ProfileName, Family> = {
  generic: { chooses: byName },
  openai: { makesImages: true, chooses: byName },
  azure: { makesImages: true, chooses: byName },
  litellm: { chooses: byName },
  'llama-swap': { chooses: byName },
  'sd-server': { makesImages: true },
  lemonade: {
    chooses: ({ recipe, labels }) => recipe === 'sd-cpp' || (Array.isArray(labels) && labels.includes('image'))
  },
  localai: { chooses: byName },
  'vllm-omni': {},
  sglang: {},
  koboldcpp: {}
}

/** stable-diffusion.cpp's server, which imitates the API of stable-diffusion-webui as well. */
export const fingerprintSdServer: Fingerprint = async (look) => {
  const { data } = members((await look.get('/v1/models'))?.json)
  const isOne = Array.isArray(data) && data.some((model) => members(model).id === 'sd-cpp-local')
  return isOne ? fingerprintOpenAI(look) : undefined
}

/** Whatever lists models as OpenAI does, with what is known of its family. The last to be asked. */
export const fingerprintOpenAI: Fingerprint = async (look) => {
  const [list, route] = await Promise.all([look.get('/v1/models'), look.get('/v1/images/generations')])
  const entries = modelEntries(list?.json)
  // A call that must be a POST: whoever has it says so.
  const hasRoute = route?.status === 405
  // No key helps where a user name and a password are wanted, which are part of the address.
  if (list?.password) return undefined
  if (list?.status === 401 || (list?.status === 403 && list.json !== undefined)) {
    return list.json === undefined ? BEHIND_PAGE : WITHOUT_KEY
  }
  if (list?.status !== 200 || !entries) return undefined
  const profile = profileOfAddress(look.url) ?? (await recogniseProfile(look, entries))
  const family = FAMILIES[profile.name as ProfileName]
  const found = ({ id }: Record<string, unknown>): FoundModel => ({
    servedAs: String(id),
    features: profile.features ?? OPENAI.usualFeatures
  })
  const models = entries.filter(family.chooses ?? (() => true)).map(found)
  const unclear = models.length === 0 && family.chooses === byName ? entries.map(found) : []
  const isSure = family.makesImages === true || hasRoute || (profile === PROFILES.lemonade && models.length > 0)
  return {
    engine: OPENAI,
    server: profile.server,
    models: await withRealName(profile, models, look),
    ...(profile !== PROFILES.generic && { options: { profile: profile.name } }),
    ...(unclear.length > 0 && { unclear }),
    ...((!isSure || unclear.length > 0) && { isUnsure: true }),
    ...noteOf({ isSure, models, unclear })
  }
}

const WITHOUT_KEY: Recognised = {
  server: 'a server that asks for a key',
  models: [],
  wantsKey: true,
  note: 'It asks for a key.'
}

/** A page of a web server that stands in front of it, which may know keys, or people alone. */
const BEHIND_PAGE: Recognised = {
  ...WITHOUT_KEY,
  server: 'a server that asks for a key or a sign-in',
  note: 'It asks for a key, or for a sign-in, of which no agent is capable.'
}

function noteOf({
  isSure,
  models,
  unclear
}: {
  isSure: boolean
  models: readonly FoundModel[]
  unclear: readonly FoundModel[]
}): { note?: string } {
  if (unclear.length > 0) return { note: 'Which of its models make images is not known.' }
  if (models.length === 0) return { note: 'None of its models is known to make images.' }
  return isSure ? {} : { note: 'Whether it makes images is not known.' }
}

/** sd-server calls its only model by a name that says nothing; its file is told elsewhere. */
async function withRealName(profile: ServerProfile, models: FoundModel[], look: ServerLook): Promise<FoundModel[]> {
  const [only] = models
  if (profile !== PROFILES['sd-server'] || !only) return models
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
