import { EngineError } from '../engine.ts'
import { isNotOffered, isSuccess } from '../upstream-fault.ts'
import type { UpstreamAnswer, UpstreamHttp } from '../upstream-http.ts'
import { members, parseJson } from '../upstream-text.ts'
import type { NamedChoice } from '../samplers.ts'
import { type Checkpoint, isWebuiPage, parseCheckpoints, parseChoices } from './automatic1111-api.ts'
import { apiIsOff, faultOf, noSuchApi, notLikeWebui } from './automatic1111-fault.ts'

/** Lists of files, and all settings, of a server that is full of both. */
const MAX_LIST_BYTES = 16 * 1024 * 1024

/** One of them all servers of this kind have that list no checkpoints, the last Draw Things. */
const KNOWN_SETTINGS = ['sd_model_checkpoint', 'model', 'guidance_scale']

export interface ServerState {
  /** Absent where the server does not list them. */
  checkpoints: Checkpoint[] | undefined
  /** All settings by name; undefined where the server does not tell. */
  settings: Record<string, unknown> | undefined
}

/** What the server is, as of now. Throws what `faultOf` makes of its refusals, and that there is no such API. */
export async function askServer(http: UpstreamHttp, signal: AbortSignal): Promise<ServerState> {
  const [models, options] = await Promise.all([
    ask(http, '/sdapi/v1/sd-models', signal),
    ask(http, '/sdapi/v1/options', signal)
  ])
  const checkpoints = models && parseCheckpoints(models.body)
  const settings = options && members(parseJson(options.body))
  if (!models && !options) throw (await isWebuiWithout(http, signal)) ? apiIsOff() : noSuchApi()
  // What takes everything well has neither.
  if (!checkpoints?.length && !KNOWN_SETTINGS.some((name) => settings && name in settings)) throw notLikeWebui()
  return { checkpoints, settings }
}

/** Whether its page is there, of which there is more to be said than that something is missing. */
async function isWebuiWithout(http: UpstreamHttp, signal: AbortSignal): Promise<boolean> {
  try {
    const page = await http.get('/', signal, { maxBytes: MAX_LIST_BYTES, mayBePage: true })
    return isSuccess(page) && isWebuiPage(page.body)
  } catch {
    signal.throwIfAborted()
    return false // Whatever is there does not say that it is one.
  }
}

/** What samplers and schedulers it has; empty where it does not list them. */
export async function askSamplers(
  http: UpstreamHttp,
  signal: AbortSignal
): Promise<{ samplers: NamedChoice[]; schedulers: NamedChoice[] }> {
  const [samplers, schedulers] = await Promise.all([
    ask(http, '/sdapi/v1/samplers', signal),
    ask(http, '/sdapi/v1/schedulers', signal)
  ])
  return { samplers: parseChoices(samplers?.body ?? ''), schedulers: parseChoices(schedulers?.body ?? '') }
}

/** Draw Things has all its settings in one object, and its model among them. */
export const isDrawThings = ({ settings = {}, checkpoints }: ServerState): boolean =>
  checkpoints === undefined && 'guidance_scale' in settings && !('sd_model_checkpoint' in settings)

/**
 * Checks the model of a server that lists none but tells in its settings which one it uses. False when it tells nothing.
 * Throws `model_missing` when it is another one.
 */
export function checkOnlyModel({ settings = {} }: ServerState, model: string): boolean {
  const used = [settings.model, settings.sd_model_checkpoint].find((name) => typeof name === 'string' && name !== '')
  if (typeof used !== 'string') return false
  if (used.toLowerCase() === model.toLowerCase()) return true
  throw new EngineError('model_missing', 'The image server has another model in use, and does not list what it has.')
}

/** Undefined when there is no such route. */
export async function ask(http: UpstreamHttp, path: string, signal: AbortSignal): Promise<UpstreamAnswer | undefined> {
  const answer = await http.get(path, signal, { maxBytes: MAX_LIST_BYTES })
  if (isSuccess(answer)) return answer
  if (isNotOffered(answer)) return undefined
  throw faultOf(answer, http.secrets)
}
