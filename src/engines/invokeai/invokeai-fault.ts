import { EngineError } from '../engine.ts'
import { accountNotLetIn, type SentAccess } from '../not-let-in.ts'
import { parseUpstreamError } from '../upstream-error.ts'
import { faultOfAnswer } from '../upstream-fault.ts'
import type { UpstreamAnswer } from '../upstream-http.ts'
import { sanitiseUpstreamText } from '../upstream-text.ts'

const OWNERS_PAUSE_MS = 30_000
/** As much of its words as is searched. */
const MAX_WORDS_CHARS = 4_000
const OUT_OF_MEMORY = /out of ?memory|\boom\b|outofmemory|failed to allocate|not enough memory/i
const MODEL_MISSING =
  /unknownmodel|modelnotfound|modelrecordnotfound|model.{0,60}not (?:found|exist)|filenotfound|no such file/i

/** The `EngineError` of an answer that is not 2xx. `secrets` never appear in its message. */
export function faultOf(answer: UpstreamAnswer, secrets: readonly string[]): EngineError {
  const { status } = answer
  if (status === 401 || status === 403) return notAllowed(answer.sent)
  if ([404, 405, 501].includes(status)) return noSuchApi()
  // What is sent is built here, and nothing that a caller says can make it wrong.
  if ([400, 422].includes(status)) {
    const text = sanitiseUpstreamText(parseUpstreamError(answer.body).text, secrets) || `HTTP ${status}`
    return new EngineError('crashed', `InvokeAI did not take what it was sent: ${text}`)
  }
  return faultOfAnswer(answer, { secrets, call: 'images' })
}

/** Why an item of the queue failed. */
export function faultOfItem(
  { type, message }: { type: string; message: string },
  secrets: readonly string[]
): EngineError {
  const words = `${type}: ${message}`.slice(0, MAX_WORDS_CHARS)
  const shown = sanitiseUpstreamText(message, secrets) || sanitiseUpstreamText(type, secrets) || 'it does not say why'
  if (OUT_OF_MEMORY.test(words)) return new EngineError('out_of_memory', `The image server ran out of memory: ${shown}`)
  if (MODEL_MISSING.test(words)) return new EngineError('model_missing', `The image server lacks a model: ${shown}`)
  return faultOfAnswer({ status: 500, body: JSON.stringify({ error: message }) }, { secrets, call: 'images' })
}

export const notAllowed = (sent: SentAccess = 'none'): EngineError =>
  accountNotLetIn(sent, 'Give email:password of an account of InvokeAI, or a token of one, as api_key.')

/** There is a server, and not what this engine drives. */
export const noSuchApi = (): EngineError =>
  new EngineError('unreachable', "The image server does not offer InvokeAI's API.", {
    remedy: "Is the service's url that of InvokeAI itself, without a path?"
  })

export const ownersWork = (): EngineError =>
  new EngineError('busy', 'The image server is busy with the work of its owner.', { retryAfterMs: OWNERS_PAUSE_MS })

/** By the owner of the machine, who is at it: they come first. */
export const canceled = (): EngineError =>
  new EngineError(
    'busy',
    'The image was taken out of the queue on the machine that made it, by somebody who uses it.',
    {
      retryAfterMs: OWNERS_PAUSE_MS
    }
  )
