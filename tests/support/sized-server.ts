import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SizedServer {
  url: string
  state: { sent: number; isGone: boolean }
  close(): Promise<void>
}

/** A server whose every answer is `json` with blanks before its last sign, so many bytes in all; `Infinity`: without an end. */
export async function startSizedServer({ json, bytes }: { json: string; bytes: number }): Promise<SizedServer> {
  const state = { sent: 0, isGone: false }
  const server = createServer((_request, response) => {
    response.once('close', () => (state.isGone = true))
    const space = Buffer.alloc(1024 * 1024, ' ')
    state.sent = Buffer.byteLength(json) - 1
    response.write(json.slice(0, -1))
    const more = () => {
      while (state.sent < bytes - 1) {
        const piece = space.subarray(0, bytes - 1 - state.sent)
        state.sent += piece.length
        if (!response.write(piece)) return void response.once('drain', more)
      }
      response.end(json.slice(-1))
    }
    more()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
