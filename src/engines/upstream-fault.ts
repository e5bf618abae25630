import { EngineError } from './engine.ts'
import { notLetIn } from './not-let-in.ts'
import { parseUpstreamError, type UpstreamError } from './upstream-error.ts'
import type { UpstreamAnswer } from './upstream-http.ts'
import { sanitiseUpstreamText } from './upstream-text.ts'

const OUT_OF_MEMORY = /out of memory|\boom\b|outofmemory|out_of_memory|failed to allocate/i
const REJECTED_CODES = [
  'content_policy_violation',
  'moderation_blocked',
  // Azure (https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter), the last in `innererror`.
  'content_filter',
  'contentFilter',
  'ResponsibleAIPolicyViolation'
]
/** What servers say of a prompt or a picture that their filter took exception to. */
const REJECTED_TEXT =
  /safety (?:system|checker|filter)|content[ _-](?:policy|filter|moderation|management policy|violation)|moderation_blocked|\bnsfw\b|responsible ?ai|safety_violations|(?:unsafe|inappropriate) content|\bwas flagged\b/i
const MODEL_MISSING_TEXT =
  /\b(?:model|deployment)\b.{0,200}\b(?:not found|(?:does not|doesn't) exist)|\b(?:unknown|no such) model|could not find .{0,40}model|\binvalid model (?:name|id)\b|\bmodel (?:does not|doesn't) support image generation/is
/** Codes of OpenAI and Azure for what the provider configured, not the caller: the model or the deployment. */
const MODEL_MISSING_CODES = ['model_not_found', 'DeploymentNotFound', 'OperationNotSupported']
/** Google and others answer 400 where OpenAI answers 401. */
const KEY_REFUSED = /api[ _-]?key (?:is )?(?:not valid|invalid|missing)|(?:invalid|incorrect|missing)[ _]api[ _-]?key/i
/** What every server of OpenAI's image API has. */
const ESSENTIAL_CALL = 'images/generations'
/** As much of a server's words as is searched. */
const MAX_WORDS_CHARS = 4_000
/** The provider's own account is at its limit; OpenAI calls some of these the request's fault (400). */
const ACCOUNT_LIMIT = /billing|quota|spend_limit|usage_limit|credit_balance/i

/**
 * The `EngineError` of an answer that is not 2xx. `secrets` never appear in its message; `call` says what
 * was asked of a server that has no such route.
 * Codes: https://platform.openai.com/docs/guides/error-codes
 */
export function faultOfAnswer(
  answer: UpstreamAnswer,
  { secrets, call }: { secrets: readonly string[]; call: string }
): EngineError {
  const { status } = answer
  const error = parseUpstreamError(answer.body)
  const text = sanitiseUpstreamText(error.text, secrets) || `HTTP ${status}`

  if (status < 400) return new EngineError('crashed', 'The image server redirects elsewhere, which is not followed.')
  // OpenRouter's way of saying that its moderation flagged the prompt.
  if (status === 403 && isRejected(error)) return new EngineError('content_rejected', text)
  if (status === 401 || status === 403 || (status === 400 && KEY_REFUSED.test(`${error.code} ${error.text}`))) {
    // What is said of a key that is wrong may show a part of it.
    return notLetIn(answer.sent, status === 403 && error.text !== '' ? text : '')
  }
  if (isModelMissing(status, error))
    return new EngineError('model_missing', `The image server lacks the model: ${text}`)
  if (isNotOffered(answer)) {
    // Without that there is nothing it could do: whoever tries again at once is told the same.
    const fault = call === ESSENTIAL_CALL ? 'unreachable' : 'crashed'
    return new EngineError(fault, `The image server does not offer ${call} at the address it was asked at.`)
  }
  if (status >= 500 && OUT_OF_MEMORY.test(error.text)) {
    return new EngineError('out_of_memory', `The image server ran out of memory: ${text}`)
  }
  if (isBusy(status, error)) {
    const { retryAfterMs } = answer
    return new EngineError('busy', `The image server is busy: ${text}`, { retryAfterMs })
  }
  if (status <= 500 && isRejected(error)) return new EngineError('content_rejected', text)
  if (status === 413) return tooLargeUpload()
  if ([400, 415, 422].includes(status)) return new EngineError('bad_request', text)
  return new EngineError('crashed', `The image server failed: ${text}`)
}

/** Another server may take it, behind another proxy: it is tried there, and here not again. */
export const tooLargeUpload = (): EngineError =>
  new EngineError('bad_output', 'The image server takes no call of this size (HTTP 413).', {
    remedy: 'Raise the limit of what stands before it (nginx: client_max_body_size), or its own.'
  })

/**
 * Whether the server knows the key and does not let it list models: OpenAI's keys may have images alone, and others answer
 * 403 for what a key may not do. That says nothing about images.
 */
export const isListDenied = ({ status, body }: UpstreamAnswer): boolean =>
  status === 403 ||
  (status === 401 && /missing[ _]scopes?|insufficient permissions/i.test(body.slice(0, MAX_WORDS_CHARS)))

/**
 * The same as `faultOfEmptyAnswer`, unless `look`, which asks the server once more what it is, finds that it is another one by now, or away:
 * that is none of its answers then, and nothing has been made.
 */
export async function faultOfNoImage(
  answer: UpstreamAnswer,
  { look, ...words }: { secrets: readonly string[]; reason: string; look: () => Promise<unknown> }
): Promise<EngineError> {
  try {
    await look()
  } catch (error) {
    if (error instanceof EngineError && error.fault === 'unreachable') return error
  }
  return faultOfEmptyAnswer(answer, words)
}

/**
 * The `EngineError` of a success that holds no image, with the server's own words when it has some:
 * those of its error, or else `reason`. The work may have been
 * done, so it is never a fault that is tried again on the same server.
 */
export function faultOfEmptyAnswer(
  answer: UpstreamAnswer,
  { secrets, reason }: { secrets: readonly string[]; reason: string }
): EngineError {
  const error = parseUpstreamError(answer.body)
  const said = [error.text, reason].map((words) => words.slice(0, MAX_WORDS_CHARS))
  const text = sanitiseUpstreamText(said.find((words) => words !== '') ?? '', secrets)
  if (isRejected({ ...error, text: said.join(' ') })) {
    return new EngineError('content_rejected', text || 'The image server refused the content.')
  }
  if (error.type === 'invalid_request_error' && text !== '') return new EngineError('bad_request', text)
  return new EngineError('bad_output', `The image server answered without an image${text === '' ? '.' : `: ${text}`}`)
}

export const isSuccess = (answer: UpstreamAnswer): boolean => answer.status >= 200 && answer.status < 300

/** The server has no such route, as opposed to a route that does not know the model. */
export const isNotOffered = (answer: Pick<UpstreamAnswer, 'status' | 'body'>): boolean =>
  [404, 405, 501].includes(answer.status) && !isModelMissing(answer.status, parseUpstreamError(answer.body))

const isModelMissing = (status: number, error: UpstreamError): boolean =>
  [400, 404, 422].includes(status) &&
  (error.param === 'model' || MODEL_MISSING_CODES.includes(error.code) || MODEL_MISSING_TEXT.test(error.text))

const isBusy = (status: number, error: UpstreamError): boolean =>
  [408, 409, 425, 429, 503].includes(status) || (status < 500 && ACCOUNT_LIMIT.test(error.code))

const isRejected = (error: UpstreamError): boolean =>
  [error.code, error.type, error.innerCode].some((code) => REJECTED_CODES.includes(code)) ||
  REJECTED_TEXT.test(error.text.slice(0, MAX_WORDS_CHARS))
