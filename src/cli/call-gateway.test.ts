import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { callGateway } from './call-gateway.ts'

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  onTestFinished(() => void server.close().closeAllConnections())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('does not take the key to another server', async () => {
  const asked: unknown[] = []
  const elsewhere = await serve((request, response) => {
    asked.push(request.headers.authorization)
    response.end('{}')
  })
  const url = await serve((_request, response) => response.writeHead(308, { location: elsewhere }).end())
  await expect(callGateway({ url, key: 'ic_x' }, '/v1/models')).rejects.toThrow(`sends callers on to ${elsewhere}`)
  expect(asked).toEqual([])
})

it.each([
  [{ error: { message: '\x1b]52;c;ZXZpbA==\x07No\x1b[2J such\u202e model.' } }, 'No such model.'],
  [{ error: { message: { a: 1 } } }, 'does not answer like an inference.club (HTTP 400)']
])('tells %j as text that does nothing', async (body, expected) => {
  const url = await serve((_request, response) => response.writeHead(400).end(JSON.stringify(body)))
  const error: unknown = await callGateway({ url, key: 'ic_x' }, '/v1/models').catch((thrown: unknown) => thrown)
  expect((error as Error).message.replace(url, '').trim().replace(/\.$/, '')).toBe(expected.replace(/\.$/, ''))
})
