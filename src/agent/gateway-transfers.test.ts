import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startRefusing } from '../../tests/support/refusing-server.ts'
import { sleep } from '../lib/async.ts'
import { type Answer, GatewayTransfers, type Transfer } from './gateway-transfers.ts'

const opened: (Server | GatewayTransfers)[] = []
afterEach(() => {
  for (const one of opened.splice(0)) {
    if ('closeAllConnections' in one) one.closeAllConnections()
    one.close()
  }
})

async function arrange(silenceMs: number, answer: RequestListener) {
  const server = createServer(answer)
  const transfers = new GatewayTransfers({ silenceMs })
  opened.push(server, transfers)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const leaving = new AbortController()
  const send = (transfer: Partial<Transfer>, read: (answer: Answer | undefined) => string | undefined = textOf) =>
    transfers.repeat(
      { method: 'GET', url, headers: {}, maxAnswerBytes: 1000, signal: leaving.signal, ...transfer },
      read
    )
  return { send, leaving }
}

const textOf = (answer: Answer | undefined) => answer && String(answer.bytes)

describe('a transfer', () => {
  it('that stands still is begun anew, each time with more patience', async () => {
    let tries = 0
    const { send } = await arrange(200, (_request, response) => {
      tries += 1
      // Longer than the first try allows, and within what a later one does.
      setTimeout(() => response.end('here'), 500)
    })
    expect(await send({})).toBe('here')
    expect(tries).toBeGreaterThan(1)
  })

  it('whose answer begins and then stands still is begun anew', async () => {
    let tries = 0
    const { send } = await arrange(200, (_request, response) => {
      response.setHeader('content-length', 4)
      response.write('he')
      if (++tries > 1) response.end('re')
    })
    expect(await send({})).toBe('here')
    expect(tries).toBe(2)
  })

  it('that goes on slowly goes on', async () => {
    let tries = 0
    const { send } = await arrange(400, async (_request, response) => {
      tries += 1
      for (let part = 0; part < 10; part += 1) {
        response.write('x')
        await sleep(100)
      }
      response.end()
    })
    expect(await send({})).toBe('xxxxxxxxxx')
    expect(tries).toBe(1)
  })

  it('that is taken slowly goes on', async () => {
    let tries = 0
    let taken = 0
    const { send } = await arrange(600, async (request, response) => {
      tries += 1
      for await (const chunk of request) {
        taken += (chunk as Buffer).length
        // Some hundred pauses, which together are longer than anything may stand still.
        if (taken % (1024 * 1024) < 65_536) await sleep(30)
      }
      response.end('stored')
    })
    const body = Buffer.alloc(40 * 1024 * 1024)
    expect(await send({ method: 'PUT', body: [body] })).toBe('stored')
    expect([tries, taken]).toEqual([1, body.length])
  })

  it('ends with what its signal aborts with, silent or not', async () => {
    const asked = Promise.withResolvers<undefined>()
    const { send, leaving } = await arrange(60_000, () => asked.resolve(undefined))
    const sent = send({})
    await asked.promise
    leaving.abort(new Error('not wanted any more'))
    await expect(sent).rejects.toThrow('not wanted any more')
  })

  it('is read to its end: one that breaks off is begun anew', async () => {
    let tries = 0
    const { send } = await arrange(60_000, (_request, response) => {
      response.setHeader('content-length', 4)
      response.write('he')
      if (++tries > 1) response.end('re')
      else setImmediate(() => response.destroy())
    })
    expect(await send({})).toBe('here')
    expect(tries).toBe(2)
  })
})

it('of what its other side does not read to the end the answer is taken', async () => {
  const url = await startRefusing()
  const transfers = new GatewayTransfers()
  opened.push(transfers)
  const { signal } = new AbortController()
  const body = [Buffer.alloc(4 * 1024 * 1024)]
  // It is by chance which of both comes first, the answer or the end.
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await transfers.once({ method: 'PUT', url, headers: {}, maxAnswerBytes: 1000, body, signal })
    expect(answer).toMatchObject({ status: 413, isSent: false })
  }
})
