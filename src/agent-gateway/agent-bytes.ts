import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Assets } from '../assets/assets.ts'
import { inBackground } from '../lib/async.ts'
import { errors } from '../lib/errors.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import { offerUpload, type OfferingParts } from './offer-upload.ts'
import { getExpected, receiveImage, receiveUpload, type ReceivingParts } from './receive-image.ts'

export interface AgentBytesParts extends ReceivingParts {
  assets: ReceivingParts['assets'] & Pick<Assets, 'openBytes' | 'unreadableForMs'>
  requests: ReceivingParts['requests'] & Pick<RequestLifecycle, 'findInput'>
  stagedImages: ReceivingParts['stagedImages'] & OfferingParts['stagedImages']
}

const MOST_ANNOUNCED_BYTES = 4096

/** How long a disk may refuse a source image before its request is given up; what is gone or cut does not come back at all. */
const UNREADABLE_FOR_MS = 60_000
const INPUT_LOST =
  'A source image of this request can no longer be read on this server. Send it again in a new request.'

/** The byte path of agents: authorised by the lease token of the attempt, judged by content. */
export function registerAgentBytes(app: FastifyInstance, parts: AgentBytesParts): void {
  void app.register(async (scope) => {
    // The body is an image of any declared type: it is streamed, never parsed or held.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    // Upgrades of this path never come here: what does was stripped of its headers on the way, or asked for a page.
    scope.get('/api/agent/connect', { schema: { hide: true } }, () => {
      throw errors.webSocketOnly()
    })
    scope.get<{ Params: { id: string; name: string } }>(
      '/api/agent/attempts/:id/inputs/:name',
      { schema: { hide: true } },
      (request, reply) => sendInput(parts, request, reply)
    )
    scope.put<{ Params: { id: string } }>(
      '/api/agent/attempts/:id/image',
      { schema: { hide: true } },
      (request, reply) => receiveImage(parts, request, reply)
    )
    scope.post<{ Params: { id: string } }>(
      '/api/agent/attempts/:id/uploaded',
      { schema: { hide: true } },
      (request, reply) => receiveUpload(parts, request, reply)
    )
  })
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    const asText = { parseAs: 'string', bodyLimit: MOST_ANNOUNCED_BYTES } as const
    scope.addContentTypeParser('*', asText, (_request, body, done) => done(null, body))
    scope.post<{ Params: { id: string }; Body: string }>(
      '/api/agent/attempts/:id/upload',
      { schema: { hide: true } },
      (request, reply) => offerUpload(parts, request, reply)
    )
  })
}

/** The original bytes: what an engine cannot take as it is, the agent converts. */
async function sendInput(
  parts: AgentBytesParts,
  request: FastifyRequest<{ Params: { id: string; name: string } }>,
  reply: FastifyReply
): Promise<FastifyReply> {
  const { requests, assets } = parts
  const { attempt } = await getExpected(parts, request)
  // Its lease ends with its work, whichever way that ended.
  if (!['standby', 'running', 'lapsed'].includes(attempt.state)) throw errors.leaseLost()
  const input = await requests.findInput(attempt, request.params.name)
  if (!input) throw errors.notFound('The input')
  const giveUpIfLost = async () => {
    if ((assets.unreadableForMs(input) ?? 0) <= UNREADABLE_FOR_MS) return
    await requests.fail(attempt, { reason: 'input_lost', message: INPUT_LOST })
  }
  const bytes = await assets.openBytes(input).catch(async (error: unknown) => {
    await giveUpIfLost()
    throw error
  })
  // The agent hears of it by its connection, comes again, and brings up whatever could not be written down now.
  bytes.once('error', () => inBackground(giveUpIfLost(), () => undefined))
  void reply.type(input.media_type).header('content-length', input.bytes)
  return reply.send(bytes)
}
