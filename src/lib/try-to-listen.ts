import { once } from 'node:events'
import { createServer } from 'node:net'

/** Throws what listening at an address throws (`EADDRINUSE`, …), and keeps nothing: the port is free again afterwards. */
export async function tryToListen(address: { host: string; port: number }): Promise<void> {
  const { host, port } = address
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen({ host, port })
    await once(server, 'listening')
  } finally {
    if (server.listening) {
      server.close()
      await once(server, 'close')
    }
  }
}
