import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerEnd } from './answer-end.ts'
import type { HttpContext } from './http-context.ts'

export interface ServerSentEvent {
  event: string
  data: unknown
}

/** One whose data is there as JSON, to be read once. */
export interface WrittenEvent {
  event: string
  json: Readable
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
  events: (signal: AbortSignal) => AsyncIterable<ServerSentEvent | WrittenEvent | typeof HEARTBEAT>
}

/**
 * Answers with server-sent events as OpenAI's clients read them: `event:` and one `data:` line of JSON, a blank line
 * after each, no `id:` or `retry:`. Heartbeats are comments. Nothing of it is left when the connection has closed. Throws
 * `rate_limit_exceeded` when the reader has too many streams open.
 */
export function sendEvents(
  context: Pick<HttpContext, 'budgets' | 'stopping' | 'onRightsChange'>,
  { request, reply, isOver, events }: EventStream
): FastifyReply {
  const ended = answerEnd(context, { request, reply, isOver, budget: 'streams' })
  return reply
    .headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // Asks nginx not to collect the events before passing them on.
      'x-accel-buffering': 'no'
    })
    .send(Readable.from(asText(events(ended))))
}

async function* asText(
  events: AsyncIterable<ServerSentEvent | WrittenEvent | typeof HEARTBEAT>
): AsyncGenerator<string | Buffer> {
  for await (const event of events) {
    if (event === HEARTBEAT) yield ': heartbeat\n\n'
    else if (!('json' in event)) yield `event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`
    else {
      try {
        yield `event: ${event.event}\ndata: `
        yield* event.json as AsyncIterable<Buffer>
        yield '\n\n'
      } finally {
        event.json.destroy()
      }
    }
  }
}
