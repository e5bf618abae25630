import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createComfyHttp } from './comfyui-http.ts'

const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A client of a server that answers everything with a list of so many bytes, or one without an end. */
async function answering(bytes: number) {
  const state = { sent: 0, isGone: false }
  const server = createServer((_request, response) => {
    response.once('close', () => (state.isGone = true))
    const space = Buffer.alloc(1024 * 1024, ' ')
    state.sent = 1
    response.write('[')
    const more = () => {
      while (state.sent < bytes - 1) {
        const piece = space.subarray(0, bytes - 1 - state.sent)
        state.sent += piece.length
        if (!response.write(piece)) return void response.once('drain', more)
      }
      response.end(']')
    }
    more()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const http = createComfyHttp({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    maxImageBytes: 1000
  })
  closing.push(
    () => new Promise((resolve) => void server.close(resolve).closeAllConnections()),
    () => http.close()
  )
  return { state, ask: () => http.get('/queue', new AbortController().signal) }
}

it('reads an answer of as many bytes as it may have', async () => {
  const { ask } = await answering(MAX_ANSWER_BYTES)
  expect((await ask()).json).toEqual([])
})

it('reads no answer of one byte more, and none without an end', async () => {
  const { ask: askMore } = await answering(MAX_ANSWER_BYTES + 1)
  await expect(askMore()).rejects.toMatchObject({ fault: 'bad_output' })
  const { ask, state } = await answering(Infinity)
  await expect(ask()).rejects.toMatchObject({ fault: 'bad_output', message: expect.stringContaining('more bytes') })
  await expect.poll(() => state.isGone).toBe(true)
  expect(state.sent).toBeLessThan(2 * MAX_ANSWER_BYTES)
})
