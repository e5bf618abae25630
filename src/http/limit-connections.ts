import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { addressesIn } from '../lib/addresses-in.ts'
import { plainAddress } from '../lib/reached.ts'

/**
 * Holds at most so many connections from one address open; further ones are closed before anything is read of them.
 * Trusted proxies speak for many, and see to this themselves.
 */
export function limitConnections(
  server: Server,
  { perAddress, trustProxy }: { perAddress: number; trustProxy: readonly string[] }
): void {
  const isTrusted = addressesIn(trustProxy)
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    if (isTrusted(address)) return
    const count = (open.get(address) ?? 0) + 1
    if (count > perAddress) return void socket.destroy()
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
  })
}
