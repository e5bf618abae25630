import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpContext } from './http-context.ts'
import { sessionEnd } from './session-end.ts'

const ASK_RIGHT_EVERY_MS = 30_000

export interface ServerSentEvent {
  event: string
  data: unknown
}

/** A comment: keeps proxies from cutting a quiet stream, and every client ignores it. */
export const HEARTBEAT = 'heartbeat'

/** Below the 60 s at which common proxies cut a quiet connection. */
export const HEARTBEAT_EVERY_MS = 15_000

export interface EventStream {
  request: FastifyRequest
  reply: FastifyReply
  /** Whether the reader may read on no longer. */
  isOver: () => Promise<boolean>
  /** What is told until `signal` aborts, which it does when the reader has gone, whichever way, or may read on no longer. */
  events: (signal: AbortSignal) => AsyncIterable<ServerSentEvent | typeof HEARTBEAT>
}

/**
 * Answers with server-sent events as OpenAI's clients read them: `event:` and one `data:` line of JSON, a blank line
 * after each, no `id:` or `retry:`. Heartbeats are comments. Nothing of it is left when the connection has closed. Throws
 * `rate_limit_exceeded` when the reader has too many streams open.
 */
export function sendEvents(
  { budgets, stopping, onRightsChange }: Pick<HttpContext, 'budgets' | 'stopping' | 'onRightsChange'>,
  { request, reply, isOver, events }: EventStream
): FastifyReply {
  const leave = budgets.enter('streams', request.principal.userId)
  const closed = new AbortController()
  // Also of an answer that was sent whole.
  const onClose = () => {
    leave()
    closed.abort()
  }
  if (reply.raw.destroyed) onClose()
  else reply.raw.once('close', onClose)
  const left = AbortSignal.any([closed.signal, stopping])
  const over = sessionEnd({ isOver, everyMs: ASK_RIGHT_EVERY_MS, left, onHint: onRightsChange })
  return reply
    .headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // Asks nginx not to collect the events before passing them on.
      'x-accel-buffering': 'no'
    })
    .send(Readable.from(asText(events(AbortSignal.any([left, over])))))
}

async function* asText(events: AsyncIterable<ServerSentEvent | typeof HEARTBEAT>): AsyncGenerator<string> {
  for await (const event of events) {
    yield event === HEARTBEAT ? ': heartbeat\n\n' : `event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`
  }
}
