import type { FastifyReply } from 'fastify'

/** Aborts when the connection closes before the answer is out: nobody is there to read it. */
export function callerLeft(reply: FastifyReply): AbortSignal {
  const left = new AbortController()
  const onClose = () => {
    if (!reply.raw.writableFinished) left.abort(new Error('the caller left'))
  }
  if (reply.raw.destroyed) onClose()
  else reply.raw.once('close', onClose)
  return left.signal
}
