import { EngineError } from '../engine.ts'
import { notLetIn, type SentAccess } from '../not-let-in.ts'
import { parseUpstreamError } from '../upstream-error.ts'
import { faultOfAnswer, isNotOffered } from '../upstream-fault.ts'
import type { UpstreamAnswer } from '../upstream-http.ts'
import { ownCommand } from '../../lib/own-command.ts'

/** Fields of the server by what callers call them. */
const CALLERS_NAMES: Readonly<Record<string, string>> = {
  cfg_scale: 'guidance_scale',
  sampler_name: 'sampler',
  sampler_index: 'sampler',
  denoising_strength: 'strength',
  width: 'size',
  height: 'size',
  init_images: 'image'
}
/** The owner's doing, since callers can name no script. */
const OWNERS_SCRIPT = /\bscripts?\b.{0,200}\bnot found|\bscript params\b|selectable script/is

/** The `EngineError` of an answer that is not 2xx. */
export function faultOf(answer: UpstreamAnswer, secrets: readonly string[]): EngineError {
  if (answer.status === 401 || answer.status === 403) return notAllowed(answer.sent)
  if (isNotOffered(answer)) return noSuchApi()
  const fault = faultOfAnswer(answer, { secrets, call: 'images' })
  const { text, param } = parseUpstreamError(answer.body)
  if (fault.fault !== 'bad_request') return fault
  if (OWNERS_SCRIPT.test(text.slice(0, 4000))) {
    return new EngineError('crashed', `The image server does not take the provider's settings: ${fault.message}`)
  }
  const named = param === '' && /^\W*sampler\b/i.test(text) ? 'sampler_name' : param
  if (named === '') return fault
  return new EngineError('bad_request', fault.message, { param: CALLERS_NAMES[named] ?? named })
}

/** A webui wants a user name and a password (`--api-auth`), what stands before it a key perhaps. */
function notAllowed(sent: SentAccess = 'none'): EngineError {
  if (sent !== 'none') return notLetIn(sent)
  const what = 'The image server wants a user name and a password, or an API key, and none is given.'
  return new EngineError('unreachable', what, {
    remedy: 'Those of --api-auth belong into the url (http://user:password@…), a key into api_key.'
  })
}

/** stable-diffusion-webui, of which nothing but its page can be had. */
export const apiIsOff = (): EngineError =>
  new EngineError(
    'unreachable',
    "The image server does not offer stable-diffusion-webui's API: it must be started with --api."
  )

/** There is a server that has no such route. */
export const noSuchApi = (): EngineError =>
  new EngineError('unreachable', "The image server does not offer stable-diffusion-webui's API.", {
    remedy: `Start it with --api, or correct the service's url if another program is there: ${FINDS_OUT}`
  })

/** There is a server that takes well what is asked of it, and is not what this engine drives. */
export const notLikeWebui = (): EngineError =>
  new EngineError(
    'unreachable',
    'The image server does not answer like stable-diffusion-webui: another program is there.',
    { remedy: `Is the service's url right? ${FINDS_OUT}` }
  )

const FINDS_OUT = `\`${ownCommand} doctor\` finds out what is there.`
