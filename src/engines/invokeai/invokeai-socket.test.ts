import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { openSocket } from './invokeai-socket.ts'

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
const open: { close(): unknown }[] = []
afterEach(() => {
  for (const one of open.splice(0).reverse()) one.close()
})

/** Events that a stream brings whose server says `packet` once it is listened to; `closed` when it ends first. */
async function hear(packet: string): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  open.push(server)
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', () => socket.send(packet))
    socket.send('40')
  })
  await once(server, 'listening')
  const heard = Promise.withResolvers<string>()
  const socket = await openSocket({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    headers: {},
    token: undefined,
    queue: 'default',
    onEvent: heard.resolve,
    onClose: () => heard.resolve('closed'),
    signal: new AbortController().signal
  })
  if (socket) open.push(socket)
  return heard.promise
}

it('takes an event of as many bytes as it may have, and ends at one more', async () => {
  const packetOf = (bytes: number) => `42["x","${'y'.repeat(bytes - '42["x",""]'.length)}"]`
  expect(await hear(packetOf(MAX_MESSAGE_BYTES))).toBe('x')
  expect(await hear(packetOf(MAX_MESSAGE_BYTES + 1))).toBe('closed')
})
