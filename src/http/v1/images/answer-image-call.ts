import { buffer } from 'node:stream/consumers'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errors } from '../../../lib/errors.ts'
import type { Principal } from '../../../lib/principal.ts'
import type { RequestView } from '../../../requests/view-request.ts'
import { callerLeft } from '../../caller-left.ts'
import type { HttpContext } from '../../http-context.ts'
import type { ParsedCall } from '../../openai/parse-image-request.ts'
import { presentImages, type PresentedImages } from '../../openai/present-images.ts'
import { idempotencyKey } from '../../idempotency-key.ts'
import { presentEnvelope } from '../../openai/present-job.ts'
import { publicUrl } from '../../public-url.ts'

export type AnswerContext = Pick<HttpContext, 'config' | 'requests' | 'assets' | 'stopping' | 'isDraining' | 'callers'>

interface ImageExchange {
  /** `discard` takes back what was stored for the call when it is refused. */
  call: ParsedCall & { discard?: () => Promise<void> }
  request: FastifyRequest
  reply: FastifyReply
}

/** Submits a parsed call and answers with its images, or at once with a job: what all image endpoints share. */
export async function answerImageCall(
  context: AnswerContext,
  exchange: ImageExchange
): Promise<PresentedImages | ReturnType<typeof presentEnvelope>> {
  const { call, request, reply } = exchange
  const key = idempotencyKey(request)
  const submitted = await submit(context, { call, principal: request.principal, key }).catch(async (error: unknown) => {
    await call.discard?.()
    throw error
  })
  // The inputs of the first call are kept; these are copies of them.
  if (submitted.repeated) await call.discard?.()
  if (!call.submission.isAsync) return waitForImages(context, exchange, { id: submitted.id, cancelWhenLeft: !key })
  void reply.status(202)
  return presentEnvelope(await context.requests.view(submitted.id))
}

function submit(
  context: AnswerContext,
  { call, principal, key }: { call: ParsedCall; principal: Principal; key: string | undefined }
): Promise<{ id: string; repeated: boolean }> {
  if (context.isDraining()) return Promise.reject(errors.shuttingDown())
  const { submission } = call
  const once = key === undefined ? undefined : { endpoint: submission.image.kind, key }
  return context.requests.submit({ ...submission, principal }, once)
}

async function waitForImages(
  context: AnswerContext,
  exchange: ImageExchange,
  { id, cancelWhenLeft }: { id: string; cancelWhenLeft: boolean }
): Promise<PresentedImages> {
  const { call, request, reply } = exchange
  const left = callerLeft(reply)
  const answered = context.callers.enter()
  const outcome = await context.requests
    .wait({
      id,
      timeoutMs: context.config.limits.syncTimeoutMs,
      signal: AbortSignal.any([left, context.stopping])
    })
    .finally(answered)
  // Nobody will read the images of a caller who left without a key to come back with; a stopping server keeps them.
  if (left.aborted && outcome !== 'ended' && cancelWhenLeft) await context.requests.cancel(id)
  if (outcome === 'timeout') throw errors.timeout(id)
  if (outcome === 'aborted') throw errors.shuttingDown(`The server is restarting; request '${id}' goes on afterwards.`)
  const view = await context.requests.view(id)
  void reply.header('openai-processing-ms', Math.round(reply.elapsedTime))
  return presentOutcome(context, view, { call, baseUrl: publicUrl(request, context.config.publicUrl) })
}

async function presentOutcome(
  context: AnswerContext,
  view: RequestView,
  options: { call: ParsedCall; baseUrl: string }
): Promise<PresentedImages> {
  const { request } = view
  if (view.outputs.length === 0 || request.state === 'canceled') {
    const code = (request.error_code ?? 'upstream_error') as ErrorCode
    throw errors.recorded(code, request.error_message ?? '')
  }
  return presentImages(view, {
    baseUrl: options.baseUrl,
    ...(options.call.responseFormat === 'b64_json' && {
      base64Of: async (asset: RequestView['outputs'][number]) =>
        (await buffer(await context.assets.openBytes(asset))).toString('base64')
    })
  })
}
