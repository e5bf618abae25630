import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MOST_REQUESTS } from '../../../batches/batches.ts'
import type { ImageKind } from '../../../images/image-request.ts'
import { AppError, errors } from '../../../lib/errors.ts'
import type { Submission } from '../../../requests/submission.ts'
import { IdempotencyHeaders, idempotencyKey } from '../../idempotency-key.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import { parseImageRequest } from '../../openai/parse-image-request.ts'
import { liftImages } from '../../uploads/lifted-images.ts'
import { receiveJsonCall, type ReceivedCall } from '../../uploads/receive-image-call.ts'
import { errorResponses, MAKING_IMAGES, TAKING_IMAGES } from '../error-schema.ts'
import { BATCH_ENDPOINTS, BatchResponse, CreateBatchBody } from './batch-schemas.ts'
import type { HttpContext } from '../../http-context.ts'
import { showBatch } from './show-batch.ts'

const KINDS: Record<(typeof BATCH_ENDPOINTS)[number], ImageKind> = {
  '/v1/images/generations': 'generation',
  '/v1/images/edits': 'edit',
  '/v1/images/variations': 'variation'
}

/** Data URLs in a batch: an image and a mask for each request. More can be sent as ids. */
const MOST_IMAGES = 2 * MOST_REQUESTS
/** The text of a batch may have so much as this many single calls: it is parsed in one go. */
const BODIES_OF_TEXT = 4

/** `POST /v1/batches`: many requests at once, all of them accepted or none. */
export function createBatch(scope: FastifyInstance, context: HttpContext): void {
  scope.post('/batches', {
    config: { operation: 'createBatch' },
    bodyLimit: context.config.limits.maxEditBodyBytes,
    ...liftImages(context, {
      maxTextBytes: BODIES_OF_TEXT * context.config.limits.maxBodyBytes,
      mostImages: MOST_IMAGES
    }),
    schema: {
      tags: ['Batches'],
      summary: 'Submit many requests at once, all or none',
      headers: IdempotencyHeaders,
      body: CreateBatchBody,
      response: { 202: BatchResponse, ...errorResponses(...MAKING_IMAGES, ...TAKING_IMAGES) }
    },
    handler: async (request, reply) => {
      if (context.isDraining()) throw errors.shuttingDown()
      const id = await receiveBatch(context, request)
      const view = await context.batches.view(id, request.principal.userId)
      return reply.status(202).send(await showBatch(context, view))
    }
  })
}

/** Submits what was sent, and returns the id of the batch. */
async function receiveBatch(context: HttpContext, request: FastifyRequest): Promise<string> {
  const { principal } = request
  const key = idempotencyKey(request)
  const { label, items } = parseBatch(jsonObject(request.body))
  const calls: ReceivedCall[] = []
  const discard = () => Promise.all(calls.map((call) => call.discard()))
  try {
    for (const [index, item] of items.entries()) calls.push(await receiveItem(context, { request, index, item }))
    request.lifted?.requireClaimed()
    const { id, repeated } = await context.batches.submit({
      principal,
      submissions: calls.map((call): Submission => ({ ...call.submission, isAsync: true, principal })),
      ...(label !== undefined && { label }),
      ...(key !== undefined && { idempotencyKey: key })
    })
    // The inputs of the first call are kept; these are copies of them.
    if (repeated) await discard()
    return id
  } catch (error) {
    await discard()
    throw error
  }
}

function parseBatch(body: Record<string, unknown>): { label?: string; items: unknown[] } {
  const label = new Fields(body).text('label', 200)
  const { requests: items } = body
  if (!Array.isArray(items) || items.length === 0 || items.length > MOST_REQUESTS) {
    throw errors.invalidRequest(`'requests' must be a list of 1 to ${MOST_REQUESTS} requests.`, 'requests')
  }
  return { items: items as unknown[], ...(label !== undefined && { label }) }
}

async function receiveItem(
  context: HttpContext,
  { request, index, item }: { request: FastifyRequest; index: number; item: unknown }
): Promise<ReceivedCall> {
  const place = `requests[${index}]`
  const { endpoint, body } = (item ?? {}) as { endpoint?: unknown; body?: unknown }
  const known = BATCH_ENDPOINTS.find((one) => one === endpoint)
  if (!known) {
    throw errors.invalidRequest(
      `'${place}.endpoint' must be one of ${BATCH_ENDPOINTS.join(', ')}.`,
      `${place}.endpoint`
    )
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw errors.invalidRequest(`'${place}.body' must be a JSON object.`, `${place}.body`)
  }
  try {
    // In a batch nobody waits, whatever the body says.
    const fields = { ...body, async: true }
    const { limits } = context.config
    if (known === '/v1/images/generations') {
      return { ...parseImageRequest(fields, { kind: 'generation', limits }), discard: async () => undefined }
    }
    return await receiveJsonCall(context, { kind: KINDS[known], fields, request })
  } catch (error) {
    throw error instanceof AppError ? errors.inBatch(index, error) : error
  }
}
