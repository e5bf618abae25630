import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { lingerAfterAnswer } from './linger.ts'

const LINGER_MS = 500

/** A server that answers when it has seen the head of a request, and a connection to it. */
async function open() {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    const header = (name: string, value: unknown) => response.setHeader(name, String(value))
    lingerAfterAnswer({ raw: request }, { header: header as never }, LINGER_MS)
    response.end('no')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()))
  socket.on('error', () => undefined)
  return {
    requests,
    socket,
    received: () => received,
    close: async () => {
      socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}

const head = (bytes: number, ...more: string[]) =>
  ['POST / HTTP/1.1', 'host: x', `content-length: ${bytes}`, ...more, '\r\n'].join('\r\n')

describe('lingerAfterAnswer', () => {
  it('ends a connection on which the body never ends, after a while', async () => {
    const { socket, received, close } = await open()
    socket.write(head(1_000_000))
    const sending = setInterval(() => socket.write('x'), 20)
    // Whether the last write still meets a reset is up to the two kernels' timing.
    await new Promise((resolve) => socket.once('close', resolve))
    clearInterval(sending)
    expect(received()).toMatch(/^HTTP\/1.1 200 [^]*no$/)
    await close()
  })

  it('leaves a connection alone whose body has ended in time', async () => {
    const { requests, socket, received, close } = await open()
    socket.write(head(10, 'connection: close'))
    await once(socket, 'data')
    socket.write('0123456789')
    await once(requests[0]!, 'end')
    await new Promise((resolve) => setTimeout(resolve, 2 * LINGER_MS))
    expect(socket.destroyed).toBe(false)
    expect(received()).toMatch(/^connection: keep-alive$/im)
    await close()
  })
})
