import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { expect, it, onTestFinished, vi } from 'vitest'
import { deliverImage } from './deliver-image.ts'
import { GatewayTransfers } from './gateway-transfers.ts'

/** What the log says while an image is brought to a gateway that answers so, one call after the other. */
async function deliverTo(
  answers: RequestListener[],
  { bytes = Buffer.from('image'), onSent }: { bytes?: Buffer; onSent?: () => void } = {}
): Promise<{ outcome: string; said: string[] }> {
  const server = createServer((request, response) => {
    const answer = answers.shift()
    if (answer !== unread) request.resume()
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
    image: { pieces: [bytes], mediaType: 'image/png' },
    result: { seed: null, warnings: [], generating_ms: 1 },
    ...(onSent && { onSent }),
    signal: AbortSignal.timeout(20_000),
    logger
  })
  return { outcome, said }
}

const gone: RequestListener = (request) => request.socket.destroy()
const unread: RequestListener = (_request, response) => void response.end('{}')
const refused: RequestListener = (_request, response) => void response.writeHead(400).end('{}')
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

it('tells when an image is stored and nothing of it is read any more', async () => {
  const onSent = vi.fn()
  expect((await deliverTo([full, gone], { onSent })).outcome).toBe('stored')
  expect(onSent).toHaveBeenCalledTimes(1)
})

it('does not tell so of an image that was not taken, nor of one of which the answer was faster than its bytes', async () => {
  const onSent = vi.fn()
  expect((await deliverTo([refused], { onSent })).outcome).toBe('refused')
  const bytes = Buffer.alloc(64 * 1024 * 1024)
  expect((await deliverTo([unread], { bytes, onSent })).outcome).toBe('stored')
  expect(onSent).not.toHaveBeenCalled()
})
