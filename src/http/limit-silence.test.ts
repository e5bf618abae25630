import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sleep } from '../lib/async.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { limitSilence } from './limit-silence.ts'

const SILENCE_MS = 200

let app: FastifyInstance
let socket: Socket
/** What the server answers with. */
let answer: Readable

beforeEach(async () => {
  app = fastify()
  limitSilence(app, () => SILENCE_MS)
  app.get('/', (_request, reply) => reply.send(answer))
  await app.listen({ port: 0, host: '127.0.0.1' })
})
afterEach(async () => {
  socket.destroy()
  await app.close()
})

async function ask(): Promise<Socket> {
  socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
  await once(socket, 'readable')
  return socket
}

const endless = () => new Readable({ read: (size) => void answer.push(Buffer.alloc(size)) })

it('ends an answer that nobody takes any more, and lets go of what it was read from', async () => {
  answer = endless()
  await ask()
  await waitFor(() => answer.destroyed)
})

it('goes on with one that is taken slowly', async () => {
  answer = endless()
  const reader = await ask()
  for (let taken = 0; taken < 10; taken += 1) {
    // Enough for the kernels of both sides to tell.
    for (let bytes = 0; bytes < 8_000_000;) {
      const chunk = reader.read() as Buffer | null
      if (chunk) bytes += chunk.length
      else await once(reader, 'readable')
    }
    await sleep(SILENCE_MS / 3)
  }
  expect(answer.destroyed).toBe(false)
})

it('goes on with one that we are slow to give', async () => {
  answer = Readable.from(
    (async function* () {
      yield 'a'
      await sleep(3 * SILENCE_MS)
      yield 'b'
    })()
  )
  const reader = await ask()
  let text = ''
  reader.on('data', (data) => (text += String(data)))
  await waitFor(() => /a\r\n.*b\r\n0\r\n\r\n$/s.test(text))
})
