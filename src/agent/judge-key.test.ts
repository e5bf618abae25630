import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { judgeKey } from './judge-key.ts'

/** A server that answers every call with this, and then with one more byte each half second for ever. */
async function startDripping(beginning: string): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    if (beginning !== '') socket.write(beginning)
    const drip = setInterval(() => beginning !== '' && socket.write('x'), 500)
    socket.on('error', () => undefined).on('close', () => clearInterval(drip))
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('judges within five seconds, however slowly a server answers', async () => {
  const judge = async (beginning: string) => {
    const gateway = await startDripping(beginning)
    const begun = performance.now()
    const { is } = await judgeKey({ gateway, apiKey: 'ic_x' })
    return { is, isInTime: performance.now() - begun < 8000 }
  }
  expect(await Promise.all([judge(''), judge('HTTP/1.1 200 OK\r\nx: '), judge('HTTP/1.1 200 OK\r\n\r\n')])).toEqual([
    { is: 'away', isInTime: true },
    { is: 'away', isInTime: true },
    // What came of its page is enough to know that it is no gateway.
    { is: 'elsewhere', isInTime: true }
  ])
}, 30_000)
