import type { FastifyReply, FastifyRequest } from 'fastify'

const LINGER_MS = 15_000

/**
 * After an answer that came before the end of the body: what is still arriving is read and thrown away for a bounded
 * time, because closing at once would reset the connection and the caller would lose the answer.
 */
export function lingerAfterAnswer(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = request
  if (raw.readableEnded || raw.destroyed) return
  raw.resume()
  const timer = setTimeout(() => raw.destroy(), LINGER_MS)
  timer.unref()
  raw.once('close', () => clearTimeout(timer))
  raw.once('end', () => clearTimeout(timer))
  raw.once('error', () => clearTimeout(timer))
  void reply.header('connection', 'keep-alive')
}
