import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Limits } from '../../../config/config.ts'
import type { HttpContext } from '../../http-context.ts'
import { isGptImageModel } from '../../../images/model-names.ts'
import { type AppError, errors } from '../../../lib/errors.ts'
import { DASHBOARD_KEY_ID, type ResponseDefault } from '../../../lib/principal.ts'
import type { Outcome } from '../../../request-views/outcome-store.ts'
import { callerLeft } from '../../caller-left.ts'
import { idempotencyKey } from '../../idempotency-key.ts'
import { type ImageUrl, imageUrlFor } from '../../image-url.ts'
import { InlineImages } from '../../inline-images.ts'
import { keepUntilAnswered } from '../../keep-until-answered.ts'
import { onceDelivered } from '../../once-delivered.ts'
import type { ParsedCall } from '../../openai/parse-image-request.ts'
import { presentImages, type PresentedImages } from '../../openai/present-images.ts'
import { presentAccepted } from '../../openai/present-job.ts'
import { failureOf, type ImageExchange, passingError, type Submitted, waitsInVain } from './image-exchange.ts'
import { streamImage } from './stream-image.ts'

/** Submits a parsed call and answers with its images, as JSON or as events, or at once with a job: what all image endpoints share. */
export async function answerImageCall(
  context: HttpContext,
  exchange: ImageExchange
): Promise<PresentedImages | ReturnType<typeof presentAccepted> | FastifyReply> {
  const { call, reply } = exchange
  const submitted = await submit(context, exchange).catch(async (error: unknown) => {
    await call.discard?.()
    throw error
  })
  // The inputs of the first call are kept; these are copies of them.
  if (submitted.repeated) await call.discard?.()
  if (call.stream) return streamImage(context, exchange, { ...submitted, ...call.stream })
  if (!call.submission.isAsync) return waitForImages(context, exchange, submitted)
  void reply.status(202)
  const view = await context.requestViews.view(submitted.id)
  return presentAccepted(view, submitted.repeated ? { queue: await context.requestViews.outlookOf(view) } : undefined)
}

async function submit(context: HttpContext, { call, request }: ImageExchange): Promise<Submitted> {
  if (context.isDraining()) throw errors.shuttingDown()
  const key = idempotencyKey(request)
  const { submission } = call
  refuseUnsigned(submission, request)
  const once = key === undefined ? undefined : { endpoint: submission.image.kind, key }
  const submitted = await context.requests.submit({ ...submission, principal: request.principal }, once)
  return { ...submitted, hasKey: key !== undefined }
}

/** The secret that signs webhooks belongs to a key. */
function refuseUnsigned({ webhookUrl }: ParsedCall['submission'], { principal }: FastifyRequest): void {
  if (webhookUrl !== undefined && principal.keyId === DASHBOARD_KEY_ID) {
    throw errors.invalidRequest("'webhook_url' needs an API key, whose secret signs the call.", 'webhook_url')
  }
}

async function waitForImages(
  context: HttpContext,
  exchange: ImageExchange,
  { id, hasKey, repeated }: Submitted
): Promise<PresentedImages | FastifyReply> {
  const { call, request, reply } = exchange
  const format = formatFor(call, request.principal.responseDefault)
  if (format !== 'url') keepUntilAnswered(context, { id, call, reply })
  const left = callerLeft(reply)
  const answered = context.callers.enter()
  const end = await waitWhileUsable(context, {
    id,
    isNew: !repeated,
    timeoutMs: syncTimeoutMs(context.config.limits, request),
    signal: AbortSignal.any([left, context.stopping])
  }).finally(answered)
  // Nobody will read the images of a caller who left without a key to come back with; a stopping server keeps them.
  if (left.aborted && typeof end === 'string' && !hasKey) await context.requests.cancel(id)
  if (end === 'timeout') throw await lateError(context, { id, hasKey, reply })
  if (end === 'aborted') throw errors.shuttingDown(`The server is restarting; request '${id}' goes on afterwards.`)
  void reply.header('openai-processing-ms', Math.round(reply.elapsedTime))
  const failure = failureOf(end)
  const isDelivered = end.request.expires_in === 0 && (format !== 'url' || failure !== undefined)
  if (isDelivered) onceDelivered(context, reply, { id })
  if (failure) throw failure
  return sendOutcome(context, end, {
    reply,
    // A URL of what is gone by the time it is read would be one of nothing.
    format: isDelivered ? 'b64_json_only' : format,
    imageUrl: imageUrlFor(request, context)
  })
}

/** When it is first asked what a call waits for: most have their image by then, or are being worked on. */
const FIRST_LOOK_MS = 2000

/** Ends sooner, as a `timeout`, when it is known that waiting on is in vain. */
async function waitWhileUsable(
  { requestViews, config, now }: HttpContext,
  wait: { id: string; timeoutMs: number; signal: AbortSignal; isNew: boolean }
): ReturnType<HttpContext['requestViews']['wait']> {
  const { unusableTimeoutMs } = config.limits
  const began = performance.now()
  let lookMs = Math.min(FIRST_LOOK_MS, unusableTimeoutMs)
  let { isNew } = wait
  for (;;) {
    const leftMs = Math.max(0, Math.ceil(wait.timeoutMs - (performance.now() - began)))
    const end = await requestViews.wait({ ...wait, isNew, timeoutMs: Math.min(leftMs, lookMs) })
    isNew = false
    if (end !== 'timeout' || leftMs <= lookMs) return end
    const spent = { waitedMs: performance.now() - began, mayWaitMs: wait.timeoutMs, unusableTimeoutMs, now: now() }
    if (waitsInVain(await requestViews.findWait(wait.id), spent)) return end
    lookMs = unusableTimeoutMs
  }
}

const syncTimeoutMs = ({ syncTimeoutMs, cdnTimeoutMs }: Limits, { reached }: FastifyRequest): number =>
  reached.isThroughCdn ? Math.min(syncTimeoutMs, cdnTimeoutMs) : syncTimeoutMs

/** The request goes on and can be fetched. A caller without a key for it who is better off with a new one later leaves none behind. */
async function lateError(
  context: HttpContext,
  { id, hasKey, reply }: Pick<Submitted, 'id' | 'hasKey'> & { reply: FastifyReply }
): Promise<AppError> {
  const error = passingError(await context.requestViews.findWait(id))
  if (!error) return errors.timeout(id)
  if (hasKey) return error.told
  // Somebody who has begun meanwhile goes on.
  if (!(await context.requests.giveUp({ id, error: error.kept, unbegun: error.unbegun }))) return errors.timeout(id)
  onceDelivered(context, reply, { id })
  return error.told
}

/**
 * What was asked for, else what the key says, else what the model's name promises: clients of OpenAI's GPT Image models
 * read `b64_json` without asking for it. A key of base64 alone means it wherever base64 is wanted.
 */
function formatFor({ responseFormat, submission }: ParsedCall, keyDefault: ResponseDefault | undefined) {
  if (responseFormat === 'b64_json' && keyDefault === 'b64_json_only') return keyDefault
  return responseFormat ?? keyDefault ?? (isGptImageModel(submission.image.model) ? 'b64_json' : 'url')
}

async function sendOutcome(
  context: HttpContext,
  outcome: Outcome,
  { reply, format, imageUrl }: { reply: FastifyReply; format: ResponseDefault; imageUrl: ImageUrl }
): Promise<PresentedImages | FastifyReply> {
  if (format === 'url') return presentImages(outcome, { imageUrl })
  const images = new InlineImages(context)
  const { bytes, content } = await images.write(
    presentImages(outcome, {
      ...(format !== 'b64_json_only' && { imageUrl }),
      base64Of: (asset) => images.wordFor(asset)
    })
  )
  return reply.type('application/json; charset=utf-8').header('content-length', bytes).send(content)
}
