import { afterAll, describe, expect, it } from 'vitest'
import { serveCalls } from '../../tests/support/serve-calls.ts'
import { EngineError } from '../engines/engine.ts'
import { silentLogger } from '../lib/logger.ts'
import { deliverImage } from './deliver-image.ts'
import { GatewayTransfers } from './gateway-transfers.ts'
import { openInput } from './open-input.ts'

const gateway = serveCalls()

const same = { transfers: new GatewayTransfers(), token: 'lease', signal: new AbortController().signal }
afterAll(() => same.transfers.close())

describe('a source image', () => {
  it.each([301, 302, 303, 307, 308])('is not fetched from elsewhere (%i)', async (status) => {
    const asked: (string | undefined)[] = []
    const elsewhere = await gateway((request, response) => {
      asked.push(request.headers.authorization)
      response.end('inside')
    })
    const url = await gateway((_request, response) => response.writeHead(status, { location: elsewhere }).end())
    await expect(openInput({ ...same, url, maxBytes: 1000 })).rejects.toThrow(EngineError)
    expect(asked).toEqual([])
  })

  it.each([
    [408, ''],
    [425, ''],
    [429, 'slow down'],
    [404, '<html>nginx</html>'],
    [502, ''],
    [503, '']
  ])('is asked for again when a proxy says so, or stands alone (%i)', async (status, text) => {
    let tries = 0
    const url = await gateway((_request, response) => {
      if (++tries === 1) response.writeHead(status).end(text)
      else response.end('image')
    })
    expect(String(await openInput({ ...same, url, maxBytes: 1000 }))).toBe('image')
    expect(tries).toBe(2)
  })

  it.each([
    [400, ''],
    [401, ''],
    [404, '{"error":{"code":"not_found"}}'],
    [409, '']
  ])('is not asked for again when the gateway says no (%i)', async (status, text) => {
    const url = await gateway((_request, response) => response.writeHead(status).end(text))
    await expect(openInput({ ...same, url, maxBytes: 1000 })).rejects.toThrow(EngineError)
  })

  it('is read up to what it may have, and no further', async () => {
    const url = await gateway((_request, response) => response.end(Buffer.alloc(1000)))
    expect(await openInput({ ...same, url, maxBytes: 1000 })).toHaveLength(1000)
    await expect(openInput({ ...same, url, maxBytes: 999 })).rejects.toThrow('more than 999 bytes')
  })

  it('without an end is let go of', async () => {
    const left = Promise.withResolvers<undefined>()
    const url = await gateway((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', more).on('close', () => left.resolve(undefined))
      more()
    })
    await expect(openInput({ ...same, url, maxBytes: 1_000_000 })).rejects.toThrow(EngineError)
    await left.promise
  })
})

describe('an image', () => {
  const delivery = {
    ...same,
    uploads: { bring: async () => undefined },
    image: { pieces: [Buffer.from('image')], mediaType: 'image/png' as const, width: 1, height: 1 },
    result: { seed: 1, warnings: [], generating_ms: 1 },
    logger: silentLogger()
  }

  it('is not taken elsewhere, and is kept until the gateway itself has it', async () => {
    const asked: string[] = []
    const elsewhere = await gateway((request, response) => {
      asked.push(request.url ?? '')
      response.end('{}')
    })
    let tries = 0
    const url = await gateway((request, response) => {
      request.resume()
      if (++tries === 1) response.writeHead(307, { location: elsewhere }).end()
      else response.end('{"stored":true}')
    })
    expect(await deliverImage({ ...delivery, url })).toBe('stored')
    expect([tries, asked]).toEqual([2, []])
  })
})
