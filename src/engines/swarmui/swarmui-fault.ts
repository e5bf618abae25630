import { EngineError } from '../engine.ts'
import { accountNotLetIn, type SentAccess } from '../not-let-in.ts'
import { faultOfAnswer } from '../upstream-fault.ts'
import { sanitiseUpstreamText } from '../upstream-text.ts'
import type { SwarmRefusal } from './swarmui-api.ts'

const OWNERS_PAUSE_MS = 30_000
/** As much of its words as is searched. */
const MAX_WORDS_CHARS = 4_000
const NOT_ALLOWED_IDS = ['bad_permissions', 'invalid_user', 'bad_impersonate']
const NOT_ALLOWED = /invalid or unauthorized|do not have permission|lack permissions/i
const OUT_OF_MEMORY = /out of memory|\boom\b|outofmemory|out_of_memory|failed to allocate|not enough memory/i
const NO_BACKEND = /^no backends available/i
const BUSY = /backends are occupied|generation session interrupted/i
const MODEL_MISSING =
  /^model not found|invalid model value|failed to load the model|does not have that (?:model|lora|embedding)|models? not found/i
/** `Invalid value for parameter CFG Scale: Invalid decimal value for param …`. */
const PARAMETER = /^invalid value for parameter ([\w .-]{1,40}):/i
/** What callers call the server's parameters; what is not here is the owner's. */
const CALLERS_NAMES: Readonly<Record<string, string>> = {
  'cfg scale': 'guidance_scale',
  'flux guidance scale': 'guidance_scale',
  'init image': 'image',
  'init image creativity': 'strength',
  'mask image': 'mask',
  'prompt images': 'image',
  'negative prompt': 'negative_prompt',
  'clip stop at layer': 'clip_skip',
  'sigma shift': 'sigma_shift',
  height: 'size',
  prompt: 'prompt',
  sampler: 'sampler',
  scheduler: 'scheduler',
  seed: 'seed',
  steps: 'steps',
  width: 'size'
}

/** What was sent with the calls, of which `secrets` never appear in a message. */
interface Sent {
  sent: SentAccess
  secrets: readonly string[]
}

/** The `EngineError` of what the server says in place of an image. */
export function faultOfRefusal({ id, text }: SwarmRefusal, { sent, secrets }: Sent): EngineError {
  const words = text.slice(0, MAX_WORDS_CHARS)
  const shown = sanitiseUpstreamText(words, secrets) || sanitiseUpstreamText(id, secrets) || 'it does not say why'
  if (id === 'invalid_session_id') return new EngineError('crashed', 'The image server drops its own sessions.')
  if (NOT_ALLOWED_IDS.includes(id) || NOT_ALLOWED.test(words)) return ownNotAllowed(sent)
  if (OUT_OF_MEMORY.test(words)) return new EngineError('out_of_memory', `The image server ran out of memory: ${shown}`)
  if (NO_BACKEND.test(words)) return noBackend()
  if (BUSY.test(words)) {
    return new EngineError('busy', `The image server is busy: ${shown}`, { retryAfterMs: OWNERS_PAUSE_MS })
  }
  if (MODEL_MISSING.test(words)) return new EngineError('model_missing', `The image server lacks the model: ${shown}`)
  const param = CALLERS_NAMES[PARAMETER.exec(words)?.[1]?.toLowerCase() ?? '']
  if (param !== undefined) return new EngineError('bad_request', shown, { param })
  return faultOfAnswer({ status: 500, body: JSON.stringify({ error: words }) }, { secrets, call: 'images' })
}

/** By a status alone, which may be of what stands before it. */
export const notAllowed = (sent: SentAccess): EngineError =>
  accountNotLetIn(
    sent,
    "Make a token in SwarmUI's User tab, of an account that may make images, and give it as api_key."
  )

/** By SwarmUI itself, which has no use for a user name and a password. */
export const ownNotAllowed = (sent: SentAccess): EngineError => notAllowed(sent === 'key' ? 'key' : 'none')

export const noBackend = (): EngineError =>
  new EngineError('unreachable', 'The image server has no backend that works.', {
    remedy: 'See Backends in the Server tab of SwarmUI.'
  })

/** There is a server, and not what this engine drives. */
export const noSuchApi = (): EngineError =>
  new EngineError('unreachable', "The image server does not offer SwarmUI's API.", {
    remedy: "Is the service's url that of SwarmUI itself, without a path?"
  })

/** Somebody who is at the machine: they come first. */
export const interrupted = (): EngineError =>
  new EngineError('busy', 'The image was stopped on the machine that made it, by somebody who uses it.', {
    retryAfterMs: OWNERS_PAUSE_MS
  })
