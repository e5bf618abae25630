import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Lets a stopping server go of each connection as soon as nothing is under way on it. Node by itself closes only those
 * that are idle at that moment: it would wait until they time out for those that are kept alive after an answer that
 * was still under way, and for those on which nothing has been asked yet (browsers open some in advance).
 */
export function releaseConnections(app: FastifyInstance, isDraining: () => boolean): void {
  const unused = new Set<Socket>()
  let closing = false
  app.server.on('connection', (socket: Socket) => {
    if (closing) return void socket.destroy()
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  app.addHook('onRequest', async (request) => void unused.delete(request.raw.socket))
  app.addHook('onSend', async (_request, reply) => {
    if (isDraining()) void reply.header('connection', 'close')
  })
  // An answer that began before the stop, a long download or a stream of events, has promised to be kept alive.
  app.addHook('onResponse', async (request) => {
    if (isDraining()) request.raw.socket.destroySoon()
  })
  app.addHook('preClose', async () => {
    closing = true
    for (const socket of unused) socket.destroy()
  })
}
