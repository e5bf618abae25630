import type { Fingerprint, Recognised } from '../fingerprint.ts'
import type { LookAnswer, ServerLook } from '../server-look.ts'
import { members } from '../upstream-text.ts'
import { isWebuiPage, parseCheckpoints, parseGlobalProgress } from './automatic1111-api.ts'
import { AUTOMATIC1111 } from './automatic1111-description.ts'
import { EDITING, modelOfDrawThings, modelsOf } from './automatic1111-inventory.ts'

/** stable-diffusion-webui and its kin by what they tell of themselves, KoboldCpp, and Draw Things. */
export const fingerprintAutomatic1111: Fingerprint = async (look) => {
  const [options, listed] = await Promise.all([look.get('/sdapi/v1/options'), look.get('/v1/models')])
  // What is locked as a whole may be anything.
  if (options?.status === 401 && listed?.status !== 401) {
    return {
      engine: AUTOMATIC1111,
      server: 'stable-diffusion-webui or its like',
      models: [],
      ...(options.password === 'refused' ? REFUSED : WANTED)
    }
  }
  const settings = options?.status === 200 ? members(options.json) : {}
  if (Object.keys(settings).length === 0) return (await hasPageAlone(look)) ? WITHOUT_API : undefined
  if ('guidance_scale' in settings && !('sd_model_checkpoint' in settings)) return drawThings(settings)
  return withCheckpoints(look, { isKobold: modelsIn(listed).some(({ owned_by }) => owned_by === 'koboldcpp') })
}

const WANTED = {
  password: 'wanted',
  note: 'It asks for a user name and a password: write them into its address, http://user:password@host.'
} as const
const REFUSED = { password: 'refused', note: 'It refuses the user name and the password in its address.' } as const

const WITHOUT_API: Recognised = {
  engine: AUTOMATIC1111,
  server: 'stable-diffusion-webui or its like',
  models: [],
  note: 'It was started without its API: start it with --api.'
}

async function withCheckpoints(look: ServerLook, { isKobold }: { isKobold: boolean }): Promise<Recognised | undefined> {
  const [list, progress, modules, status] = await Promise.all([
    look.get('/sdapi/v1/sd-models'),
    look.get('/sdapi/v1/progress?skip_current_image=true'),
    look.get('/sdapi/v1/sd-modules'),
    look.get('/sdapi/v1/status')
  ])
  const checkpoints = list?.status === 200 ? parseCheckpoints(list.text) : undefined
  if (!checkpoints) return undefined
  const tellsProgress = progress?.status === 200 && parseGlobalProgress(progress.text) !== undefined
  const features = tellsProgress && !isKobold ? [...EDITING, 'preview' as const] : EDITING
  const server = isKobold
    ? 'KoboldCpp'
    : Array.isArray(modules?.json)
      ? 'stable-diffusion-webui Forge'
      : status?.status === 200
        ? 'SD.Next'
        : 'stable-diffusion-webui'
  const models = modelsOf(checkpoints).map((model) => ({ ...model, features }))
  return {
    engine: AUTOMATIC1111,
    server,
    models,
    ...(models.length === 0 && { note: 'It has no model that makes images.' })
  }
}

function drawThings(settings: Record<string, unknown>): Recognised {
  const models = modelOfDrawThings(settings)
  return {
    engine: AUTOMATIC1111,
    server: 'Draw Things',
    models,
    ...(models.length === 0 && { note: 'It does not tell its model.' })
  }
}

const hasPageAlone = async (look: ServerLook): Promise<boolean> => {
  const page = await look.get('/')
  return page?.status === 200 && isWebuiPage(page.text)
}

function modelsIn(answer: LookAnswer | undefined): Record<string, unknown>[] {
  const { data } = members(answer?.json)
  return (Array.isArray(data) ? (data as unknown[]) : []).map(members)
}
