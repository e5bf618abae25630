import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

/**
 * Closes connections on which a body has begun and nothing more of it comes for `silenceMs()`. Where it is we who do not
 * take what has come, the sender is not to blame.
 */
export function limitSilence(app: FastifyInstance, silenceMs: () => number): void {
  app.addHook('onRequest', async ({ raw }) => {
    if (!raw.complete) watchBody(raw, silenceMs())
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
