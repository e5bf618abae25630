import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/**
 * Closes connections on which a body has begun and nothing more of it moves for `silenceMs()`: none of a call's comes, or none
 * of an answer's is taken. Where it is we who do not take what has come, or have nothing to give, the other side is not to
 * blame.
 */
export function limitSilence(app: FastifyInstance, silenceMs: () => number): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (!raw.complete) watchBody(raw, silenceMs())
  })
  app.addHook('onSend', async (_request, { raw }, payload) => {
    if (payload instanceof Readable) watchAnswer(raw, silenceMs())
  })
}

function watchBody(body: IncomingMessage, silenceMs: number): void {
  const { socket } = body
  // A call that was put in without a connection never closes its body: ending the body ends the watch, too.
  let seen = socket.bytesRead
  const watching = setInterval(() => {
    if (body.complete || body.destroyed) return clearInterval(watching)
    const isWaiting = body.readableLength === 0 && !body.isPaused()
    if (isWaiting && socket.bytesRead === seen) return void body.destroy()
    seen = socket.bytesRead
  }, silenceMs)
  watching.unref()
  body.once('close', () => clearInterval(watching))
}

/** The socket's own clock runs anew with everything that moves; the server sets it back for the next call. */
function watchAnswer(answer: ServerResponse, silenceMs: number): void {
  // What was put in without a connection has no clock.
  if (typeof answer.socket?.setTimeout !== 'function') return
  answer.setTimeout(silenceMs, () => {
    if (answer.writableLength > 0) answer.destroy()
  })
}
