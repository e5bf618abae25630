import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { adviseOnSockets, createSocketAdvice, passesNoSockets, type SocketCall } from './passed-sockets.ts'
import { createUpstreamHttp } from './upstream-http.ts'

const { signal } = new AbortController()

/** Asks a server that answers who asks for a WebSocket with a status, or not at all, or gives one (101). */
async function ask(how: number | 'silent'): Promise<{ call: SocketCall; asked: () => number }> {
  let asked = 0
  const sockets = new WebSocketServer({ noServer: true })
  const server = createServer((_request, response) => response.writeHead(500).end())
  server.on('upgrade', (request, socket, head) => {
    asked += 1
    if (how === 101) return sockets.handleUpgrade(request, socket, head, () => undefined)
    if (how !== 'silent') socket.end(`HTTP/1.1 ${how} So\r\ncontent-length: 0\r\n\r\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const http = createUpstreamHttp({ baseUrl, maxImageBytes: 1000 }, '')
  onTestFinished(async () => {
    await http.close()
    server.close().closeAllConnections()
  })
  return { call: (headers, within) => http.get('/ws', within, { headers }), asked: () => asked }
}

it.each<[how: number, isWithout: boolean]>([
  [101, false],
  // nginx in front of ComfyUI.
  [400, true],
  [404, true],
  [405, true],
  [426, true],
  // It is something else that is wrong there.
  [200, false],
  [401, false],
  [403, false],
  [500, false],
  [502, false]
])('what stands before a server that answers with %i who asks for a WebSocket passes none on: %s', async (how, is) => {
  const { call } = await ask(how)
  expect(await passesNoSockets(call, signal)).toBe(is)
})

it('nobody waits for one that says nothing, and nothing is known of it', async () => {
  const { call } = await ask('silent')
  const within = AbortSignal.timeout(50)
  expect(await passesNoSockets(call, within)).toBe(false)
})

it('whoever runs such a server is advised in a sentence, and the server is asked once', async () => {
  const { call, asked } = await ask(400)
  expect(await adviseOnSockets(call, signal)).toEqual({
    advice: expect.stringMatching(/^Images come without steps and previews.*\$http_upgrade.*\)\.$/)
  })
  const advise = createSocketAdvice(call)
  // That was no answer.
  expect(await advise(AbortSignal.abort())).toEqual({})
  const found = [await advise(signal), await advise(signal)]
  expect([found[0], found[1], asked()]).toEqual([found[1], { advice: expect.any(String) }, 2])
})
