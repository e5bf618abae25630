import type { FastifyReply, FastifyRequest } from 'fastify'

const LINGER_MS = 15_000

/**
 * Lets an answer that comes before the end of the body be read: the rest of the body is thrown away for a bounded time.
 * Closing at once would reset the connection, and a caller who is still sending would lose the answer.
 */
export function lingerAfterAnswer(
  { raw }: Pick<FastifyRequest, 'raw'>,
  reply: Pick<FastifyReply, 'header'>,
  lingerMs = LINGER_MS
): void {
  if (raw.complete || raw.destroyed) return
  raw.unpipe()
  raw.resume()
  const timer = setTimeout(() => raw.destroy(), lingerMs)
  timer.unref()
  for (const event of ['end', 'close', 'error']) raw.once(event, () => clearTimeout(timer))
  // "close" would have the server hang up as soon as the answer is written.
  void reply.header('connection', 'keep-alive')
}
