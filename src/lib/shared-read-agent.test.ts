import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { httpRequest } from './node-http.ts'
import { readPieces } from './read-pieces.ts'
import { SharedReadAgent } from './shared-read-agent.ts'

const opened: { server: Server; agent: SharedReadAgent }[] = []
afterEach(() => {
  for (const { server, agent } of opened.splice(0)) {
    agent.destroy()
    server.closeAllConnections()
    server.close()
  }
})

async function arrange(answer: RequestListener) {
  const server = createServer(answer)
  const agent = new SharedReadAgent({ keepAlive: true })
  opened.push({ server, agent })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return async (path: string): Promise<IncomingMessage> => {
    const call = httpRequest({ host: '127.0.0.1', port, path, agent })
    call.end()
    const [response] = (await once(call, 'response')) as [IncomingMessage]
    return response
  }
}

async function piecesOf(response: IncomingMessage): Promise<Buffer[]> {
  const pieces: Buffer[] = []
  await readPieces(response, (piece) => pieces.push(piece) > 0)
  return pieces
}

/** Each byte says which answer it belongs to. */
const LENGTH = 1_000_000
const bodyOf = (path: string) => Buffer.alloc(LENGTH, Number(path.slice(1)))

it('keeps apart what comes on several connections at once, in pieces that stay as they are', async () => {
  const get = await arrange((request, response) => response.end(bodyOf(request.url ?? '')))
  const paths = ['/1', '/2', '/3', '/4']
  const answers = await Promise.all(paths.map(async (path) => piecesOf(await get(path))))
  for (const [index, pieces] of answers.entries()) {
    expect(pieces.length).toBeGreaterThan(1)
    expect(Buffer.concat(pieces).equals(bodyOf(paths[index] ?? ''))).toBe(true)
  }
})

it('reads no further than its reader does', async () => {
  let sent: Promise<unknown> | undefined
  const get = await arrange((_request, response) => {
    sent = once(response, 'drain')
    response.write(Buffer.alloc(64 * LENGTH))
    response.end()
  })
  const response = await get('/')
  await once(response, 'readable')
  const { length: first } = response.read() as Buffer
  expect(await Promise.race([sent, new Promise((resolve) => setImmediate(() => resolve('not yet')))])).toBe('not yet')
  const rest = await piecesOf(response)
  expect(rest.reduce((sum, { length }) => sum + length, first)).toBe(64 * LENGTH)
})

it('uses a connection again', async () => {
  const ports = new Set<unknown>()
  const get = await arrange((request, response) => {
    ports.add(request.socket.remotePort)
    response.end(bodyOf('/7'))
  })
  for (let call = 0; call < 3; call++) {
    expect(Buffer.concat(await piecesOf(await get('/'))).equals(bodyOf('/7'))).toBe(true)
  }
  expect(ports.size).toBe(1)
})

it('tells of a connection that ends in the middle of an answer', async () => {
  const get = await arrange((_request, response) => {
    response.writeHead(200, { 'content-length': LENGTH })
    response.write('x', () => response.destroy())
  })
  await expect(piecesOf(await get('/'))).rejects.toThrow()
})
