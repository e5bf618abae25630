import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { deliverImage } from './deliver-image.ts'
import { GatewayTransfers } from './gateway-transfers.ts'

/** What the log says while an image is brought to a gateway that answers so, one call after the other. */
async function deliverTo(answers: RequestListener[]): Promise<{ outcome: string; said: string[] }> {
  const server = createServer((request, response) => {
    request.resume()
    const answer = answers.shift()
    if (answer) answer(request, response)
    else response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const transfers = new GatewayTransfers()
  onTestFinished(() => {
    transfers.close()
    server.close().closeAllConnections()
  })
  const said: string[] = []
  const logger = pino({}, { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) })
  const outcome = await deliverImage({
    transfers,
    uploads: { bring: () => Promise.resolve(undefined) },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 'token',
    image: { pieces: [Buffer.from('image')], mediaType: 'image/png' },
    result: { seed: null, warnings: [], generating_ms: 1 },
    signal: AbortSignal.timeout(20_000),
    logger
  })
  return { outcome, said }
}

const gone: RequestListener = (request) => request.socket.destroy()
const full: RequestListener = (_request, response) => void response.writeHead(503).end('{}')

it('says nothing while nobody answers, which the connection that is gone tells', async () => {
  expect(await deliverTo([gone, gone, gone])).toEqual({ outcome: 'stored', said: [] })
})

it('says once that the gateway does not take an image', async () => {
  expect(await deliverTo([full, gone, full])).toEqual({
    outcome: 'stored',
    said: ['the gateway did not take an image; it is sent again until it does']
  })
})
