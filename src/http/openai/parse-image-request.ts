import type { Limits } from '../../config/config.ts'
import {
  entriesOf,
  type FieldOf,
  FIELDS,
  type ParameterName,
  type Parameters,
  PARAMETERS
} from '../../images/fields.ts'
import type { ImageKind, ImageRequest } from '../../images/image-request.ts'
import { errors } from '../../lib/errors.ts'
import type { Submission } from '../../requests/submission.ts'
import { Fields } from './fields.ts'
import { fieldReader, type ReadField } from './read-field.ts'

export type ResponseFormat = FieldOf<'response_format'>

/** A call as parsed: what to submit, and how the caller wants the answer. */
export interface ParsedCall {
  submission: Omit<Submission, 'principal'>
  /** Absent: as the key says. */
  responseFormat?: ResponseFormat
  /** The answer is a stream of events, with at most so many previews; absent: it is JSON. */
  stream?: { partialImages: number }
}

export type ParseLimits = Pick<Limits, 'maxImagesPerRequest' | 'maxPromptChars' | 'maxPixels' | 'maxExtraBytes'>

/**
 * Turns the fields of a call of OpenAI's API into the canonical request. Throws the caller's mistakes as
 * `missing_model`, `missing_prompt`, `invalid_size`, `request_too_large` or `invalid_request`.
 */
export function parseImageRequest(
  values: Record<string, unknown>,
  options: { kind: ImageKind; limits: ParseLimits }
): ParsedCall {
  const { kind, limits } = options
  const fields = new Fields(values)
  const warnings: string[] = []
  const read = fieldReader(fields, { limits, warnings })
  const model = read('model')
  if (model === undefined || model.trim() === '') throw errors.missingModel()
  const prompt = parsePrompt(fields, kind, limits.maxPromptChars)
  const n = parseCount(read, limits.maxImagesPerRequest, warnings)
  const responseFormat = read('response_format')
  const delivery = parseDelivery(read)
  const stream = parseStream(read, { kind, n, isAsync: delivery.isAsync })
  const asked = parseParameters(read, kind, warnings)
  // Last: what nobody has read by then are the caller's extra fields.
  const parameters = { ...asked, extra: extraFields(fields, limits.maxExtraBytes) }
  const image: ImageRequest = { kind, model: model.trim(), prompt, n, parameters, warnings }
  return {
    submission: { image, inputs: [], ...delivery },
    ...(responseFormat && { responseFormat }),
    ...(stream && { stream })
  }
}

/** OpenAI's events have no place for the number of an image: a stream is of one. */
function parseStream(
  read: ReadField,
  call: { kind: ImageKind; n: number; isAsync: boolean }
): ParsedCall['stream'] | undefined {
  const partialImages = read('partial_images') ?? FIELDS.partial_images.default
  if (!(read('stream') ?? FIELDS.stream.default)) return undefined
  if (!(FIELDS.stream.kinds as readonly ImageKind[]).includes(call.kind)) {
    throw errors.invalidRequest('Variations cannot be streamed. Leave `stream` out, or send an edit.', 'stream')
  }
  if (call.isAsync) {
    throw errors.invalidRequest("'stream' and 'async' exclude each other. Leave one of them out.", 'stream')
  }
  if (call.n > 1) throw errors.invalidRequest("'stream' is possible for one image only: send n: 1.", 'n')
  return { partialImages }
}

type Delivery = Pick<Submission, 'isAsync' | 'routing' | 'webhookUrl' | 'endUser' | 'visibility' | 'expiresIn'>

/** Who waits, whose machines may work on it, who is told, who may see what comes of it, and for how long. */
function parseDelivery(read: ReadField): Delivery {
  const isAsync = read('async') ?? FIELDS.async.default
  const webhookUrl = read('webhook_url')
  if (webhookUrl !== undefined) checkWebhookUrl(webhookUrl, isAsync)
  const endUser = read('user')
  const visibility = read('visibility')
  const expiresIn = read('expires_in')
  return {
    isAsync,
    routing: read('inference_club_routing') ?? FIELDS.inference_club_routing.default,
    ...(webhookUrl !== undefined && { webhookUrl }),
    ...(endUser !== undefined && { endUser }),
    ...(visibility !== undefined && { visibility }),
    ...(expiresIn !== undefined && { expiresIn })
  }
}

/** Whether the address may be called is decided when it is: names may change what they point to. */
function checkWebhookUrl(text: string, isAsync: boolean): void {
  if (!isAsync) throw errors.invalidRequest("'webhook_url' needs async: true.", 'webhook_url')
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw errors.invalidRequest("'webhook_url' must be an http or https URL without a user name.", 'webhook_url')
  }
}

function parsePrompt(fields: Fields, kind: ImageKind, maxChars: number): string {
  const prompt = fields.text('prompt', Number.MAX_SAFE_INTEGER)
  if (prompt === undefined || prompt.trim() === '') {
    if (kind === 'variation') return ''
    throw errors.missingPrompt()
  }
  const chars = codePoints(prompt)
  if (chars > maxChars) {
    throw errors.requestTooLarge(`'prompt' has ${chars} characters; at most ${maxChars} are allowed.`, 'prompt')
  }
  return prompt
}

/** Code points, as people count characters; UTF-16 would count an emoji twice. */
function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function parseCount(read: ReadField, most: number, warnings: string[]): number {
  const n = read('n') ?? FIELDS.n.default
  if (n > most) warnings.push(`'n' was ${n}; a request makes at most ${most} images, so this one makes ${most}.`)
  return Math.min(n, most)
}

function parseParameters(read: ReadField, kind: ImageKind, warnings: string[]): Parameters {
  const asked: Record<string, unknown> = {}
  for (const [name, field] of entriesOf<ParameterName>(PARAMETERS)) {
    const value = read(name)
    if (value === undefined || value === field.default) continue
    if (field.kinds && !field.kinds.includes(kind)) warnings.push(tellKinds(name, field.kinds))
    else asked[name] = value
  }
  // Each is of the kind that the table gives its name.
  const parameters = asked as Parameters
  checkFormat(parameters, warnings)
  return parameters
}

const PLURALS: Record<ImageKind, string> = { generation: 'generations', edit: 'edits', variation: 'variations' }

const tellKinds = (name: string, kinds: readonly ImageKind[]): string =>
  `'${name}' applies to ${kinds.map((kind) => PLURALS[kind]).join(' and ')} only; it was not used.`

/** What the fields of the format mean together. */
function checkFormat({ output_format, output_compression, background }: Parameters, warnings: string[]): void {
  if (background === 'transparent' && output_format === 'jpeg') {
    throw errors.invalidRequest("'background' can only be transparent with output_format png or webp.", 'background')
  }
  if (output_compression !== undefined && output_compression !== 100 && (output_format ?? 'png') === 'png') {
    warnings.push("'output_compression' applies to output_format jpeg and webp only; it was not used.")
  }
}

/** What begins so is for this server and is never passed on. */
const OWN_PREFIX = 'inference_club_'

/** They are kept with the request and go to the agent with each of its tasks. */
function extraFields(fields: Fields, maxBytes: number): Record<string, unknown> {
  const extra = Object.fromEntries(Object.entries(fields.rest()).filter(([name]) => !name.startsWith(OWN_PREFIX)))
  const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))
  if (sizeOf(extra) <= maxBytes) return extra
  const [largest = ''] = Object.keys(extra).sort((a, b) => sizeOf(extra[b]) - sizeOf(extra[a]))
  throw errors.requestTooLarge(
    `The fields that are unknown here, such as '${largest.slice(0, 100)}', have more than the ${maxBytes} bytes allowed in all.`,
    largest.slice(0, 100)
  )
}
