import type { Limits } from '../../config/config.ts'
import type { ImageKind, ImageParameters, ImageRequest } from '../../images/image-request.ts'
import { OUTPUT_FORMATS, spellFormat } from '../../images/media-types.ts'
import { checkPixels, parseSize } from '../../images/sizes.ts'
import { errors } from '../../lib/errors.ts'
import type { Submission } from '../../requests/submission.ts'
import { Fields } from './fields.ts'
import { parseSeed } from './parse-seed.ts'

export const RESPONSE_FORMATS = ['url', 'b64_json'] as const
export type ResponseFormat = (typeof RESPONSE_FORMATS)[number]

/** A call as parsed: what to submit, and how the caller wants the answer. */
export interface ParsedCall {
  submission: Omit<Submission, 'principal'>
  /** Absent: as the key says. */
  responseFormat?: ResponseFormat
}

export type ParseLimits = Pick<Limits, 'maxImagesPerRequest' | 'maxPromptChars' | 'maxPixels' | 'maxExtraBytes'>

export const ROUTINGS = ['any', 'prefer_own', 'only_own'] as const

export const ALPHA_MASK = 'inference_club_alpha_mask'

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
  refuseWhatIsNotThere(fields)
  const model = fields.text('model', 200)
  if (model === undefined || model.trim() === '') throw errors.missingModel()
  const warnings: string[] = []
  const prompt = parsePrompt(fields, kind, limits.maxPromptChars)
  const n = parseCount(fields, limits.maxImagesPerRequest, warnings)
  const responseFormat = fields.choice('response_format', RESPONSE_FORMATS)
  const delivery = parseDelivery(fields)
  // Last: what nobody has read by then are the caller's extra fields.
  const parameters = parseParameters(fields, { kind, limits, warnings })
  const image: ImageRequest = { kind, model: model.trim(), prompt, n, parameters, warnings }
  return { submission: { image, inputs: [], ...delivery }, ...(responseFormat && { responseFormat }) }
}

type Delivery = Pick<Submission, 'isAsync' | 'routing' | 'webhookUrl' | 'endUser'>

/** Who waits, whose machines may work on it, and who is told. */
function parseDelivery(fields: Fields): Delivery {
  const isAsync = fields.boolean('async') ?? false
  const webhookUrl = fields.text('webhook_url', 1024)
  if (webhookUrl !== undefined) checkWebhookUrl(webhookUrl, isAsync)
  const endUser = fields.text('user')
  return {
    isAsync,
    routing: fields.choice('inference_club_routing', ROUTINGS) ?? 'any',
    ...(webhookUrl !== undefined && { webhookUrl }),
    ...(endUser !== undefined && { endUser })
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

/** Fields of the contract that this version cannot honour: refused by name, unless they ask for what is so anyway. */
function refuseWhatIsNotThere(fields: Fields): void {
  if (fields.boolean('stream') === true) throw errors.notYet('stream')
  if ((fields.integer('partial_images', { min: 0, max: 3 }) ?? 0) > 0) throw errors.notYet('partial_images')
  const visibility = fields.choice('visibility', ['PUBLIC', 'UNLISTED', 'PRIVATE', 'SECRET'])
  if (visibility !== undefined && visibility !== 'UNLISTED') throw errors.notYet('visibility')
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

function parseCount(fields: Fields, most: number, warnings: string[]): number {
  const n = fields.integer('n', { min: 1 }) ?? 1
  if (n > most) warnings.push(`'n' was ${n}; at most ${most} images are made per request, so ${most} were made.`)
  return Math.min(n, most)
}

interface Parsing {
  kind: ImageKind
  limits: ParseLimits
  warnings: string[]
}

function parseParameters(fields: Fields, { kind, limits, warnings }: Parsing): ImageParameters {
  const size = parseSize(fields.spelling('size') ?? 'auto')
  if (size !== 'auto') checkPixels(size, limits.maxPixels)
  const outputFormat = fields.choice('output_format', OUTPUT_FORMATS, spellFormat)
  const outputCompression = fields.integer('output_compression', { min: 0, max: 100 })
  const background = fields.choice('background', ['transparent', 'opaque', 'auto'])
  if (background === 'transparent' && outputFormat === 'jpeg') {
    throw errors.invalidRequest("'background' can only be transparent with output_format png or webp.", 'background')
  }
  if (outputCompression !== undefined && outputCompression !== 100 && (outputFormat ?? 'png') === 'png') {
    warnings.push("'output_compression' applies to output_format jpeg and webp only; it was not used.")
  }
  return definedOnly({
    size: size === 'auto' ? undefined : size,
    seed: parseSeed(fields, warnings),
    negativePrompt: fields.text('negative_prompt', limits.maxPromptChars),
    steps: fields.integer('steps', { min: 1, max: 1000 }),
    guidanceScale: fields.number('guidance_scale', { min: 0, max: 1000 }),
    sampler: fields.text('sampler', 100),
    strength: fields.number('strength', { min: 0, max: 1 }),
    outputFormat,
    outputCompression,
    quality: fields.text('quality', 40),
    background,
    moderation: fields.choice('moderation', ['low', 'auto']),
    style: fields.text('style', 200),
    alphaMask: parseAlphaMask(fields, kind, warnings),
    extra: extraFields(fields, limits.maxExtraBytes)
  })
}

/** Whether the first image of an edit is its own mask where nothing else is: OpenAI's rule for dall-e-2 alone. */
function parseAlphaMask(fields: Fields, kind: ImageKind, warnings: string[]): true | undefined {
  if (fields.boolean(ALPHA_MASK) !== true) return undefined
  if (kind === 'edit') return true
  warnings.push(`'${ALPHA_MASK}' applies to edits only; it was not used.`)
  return undefined
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

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function definedOnly<T extends { extra: Record<string, unknown> }>(values: T): Partial<Defined<T>> & Pick<T, 'extra'> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Defined<T>> &
    Pick<T, 'extra'>
}
