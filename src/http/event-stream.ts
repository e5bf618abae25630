import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

export interface ServerSentEvent {
  event: string
  data: unknown
}

/** A comment: keeps proxies from cutting a quiet stream, and every client ignores it. */
export const HEARTBEAT = 'heartbeat'

/**
 * Answers with server-sent events as OpenAI's clients read them: `event:` and one `data:` line of JSON, a blank line
 * after each, no `id:` or `retry:`. Heartbeats are comments.
 */
export function sendEvents(
  reply: FastifyReply,
  events: AsyncIterable<ServerSentEvent | typeof HEARTBEAT>
): FastifyReply {
  return reply
    .headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // Asks nginx not to collect the events before passing them on.
      'x-accel-buffering': 'no'
    })
    .send(Readable.from(asText(events)))
}

async function* asText(events: AsyncIterable<ServerSentEvent | typeof HEARTBEAT>): AsyncGenerator<string> {
  for await (const event of events) {
    yield event === HEARTBEAT ? ': heartbeat\n\n' : `event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`
  }
}
