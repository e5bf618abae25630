import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../../tests/support/webhook-receiver.ts'
import { createWebhookSender, type WebhookRequestOptions } from './webhook-request.ts'

/** Global unicast that nobody has been given: public, and nobody answers there. */
const UNANSWERED: LookupAddress = { address: '2000::1', family: 6 }
const LOOPBACK: LookupAddress = { address: '127.0.0.1', family: 4 }
const PUBLIC: LookupAddress = { address: '8.8.8.8', family: 4 }

const never = new AbortController().signal

let receiver: WebhookReceiver
beforeEach(async () => {
  receiver = await startWebhookReceiver()
})
afterEach(() => receiver.close())

const send = (url: string, options: Partial<WebhookRequestOptions> = {}, stop: AbortSignal = never) =>
  createWebhookSender({ userAgent: 'inference-club/test', allowPrivateAddresses: () => true, ...options })(
    { url, headers: { 'webhook-id': 'whd_1' }, body: '{"type":"image.completed"}' },
    stop
  )

const guarded = { allowPrivateAddresses: () => false }
const refused = { acknowledged: false, status: null, error: 'refused: private address', final: true }

/** Answers one list of addresses per look-up, the last one for all that follow. */
function resolver(...answers: LookupAddress[][]) {
  const asked: string[] = []
  const resolve = async (hostname: string) => {
    asked.push(hostname)
    return answers[Math.min(asked.length, answers.length) - 1] ?? []
  }
  return { asked, resolve }
}

async function startTcpServer(onConnection: (socket: Socket) => void) {
  let open = 0
  const server = createServer((socket) => {
    open += 1
    socket
      .on('error', () => undefined)
      .on('close', () => (open -= 1))
      .resume()
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    open: () => open,
    close: () => new Promise((resolve) => server.close(resolve))
  }
}

describe('a try', () => {
  it('is a POST of JSON with the headers given, on a connection of its own', async () => {
    expect(await send(`${receiver.url}/hook/a%20b?x=1&y=2#fragment`)).toEqual({ acknowledged: true, status: 204 })
    expect(receiver.received).toEqual([
      {
        method: 'POST',
        path: '/hook/a%20b?x=1&y=2',
        body: '{"type":"image.completed"}',
        headers: {
          host: new URL(receiver.url).host,
          connection: 'close',
          'content-type': 'application/json',
          'content-length': '26',
          'user-agent': 'inference-club/test',
          'webhook-id': 'whd_1'
        }
      }
    ])
    await waitFor(() => receiver.open() === 0)
  })

  it.each([200, 201, 202, 299])('is acknowledged by %i', async (status) => {
    receiver.answerNext(status)
    expect(await send(receiver.url)).toEqual({ acknowledged: true, status })
  })

  it.each([400, 401, 404, 429, 500, 503])('fails with %i and may be repeated', async (status) => {
    receiver.answerNext(status)
    const error = `the receiver answered ${status}`
    expect(await send(receiver.url)).toEqual({ acknowledged: false, status, error, final: false })
  })

  it('is the last when the receiver is gone', async () => {
    receiver.answerNext(410)
    expect(await send(receiver.url)).toMatchObject({ acknowledged: false, status: 410, final: true })
  })

  it.each([301, 302, 303, 307, 308])('does not follow a redirect: %i', async (status) => {
    const elsewhere = await startWebhookReceiver()
    receiver.answerNext((response) => response.writeHead(status, { location: elsewhere.url }).end())
    expect(await send(receiver.url)).toMatchObject({ acknowledged: false, status, final: false })
    expect(elsewhere.connections()).toBe(0)
    expect(receiver.received).toHaveLength(1)
    await elsewhere.close()
  })

  it('does not wait for a receiver that never answers', async () => {
    receiver.answerNext('hang')
    const answer = await send(receiver.url, { timeoutMs: 100 })
    expect(answer).toEqual({ acknowledged: false, status: null, error: 'no answer in time', final: false })
    await waitFor(() => receiver.open() === 0)
  })

  it('does not wait for a name that never resolves', async () => {
    const answer = await send('http://receiver.example/', { resolve: () => new Promise(() => {}), timeoutMs: 100 })
    expect(answer).toMatchObject({ acknowledged: false, error: 'no answer in time', final: false })
  })

  it('counts by its status though its body never ends', async () => {
    receiver.answerNext((response) => response.writeHead(200).write('so far'))
    expect(await send(receiver.url, { timeoutMs: 200 })).toEqual({ acknowledged: true, status: 200 })
    await waitFor(() => receiver.open() === 0)
  })

  it('does not read all of a huge body', async () => {
    let written = 0
    receiver.answerNext((response) => {
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) written += 16_384
      }
      response.writeHead(200).on('drain', write)
      write()
    })
    expect(await send(receiver.url)).toEqual({ acknowledged: true, status: 200 })
    await waitFor(() => receiver.open() === 0)
    // What the buffers of the system hold comes on top of what was read.
    expect(written).toBeLessThan(16 * 1024 ** 2)
  })

  it('says in one word why nobody answered, and no address', async () => {
    const gone = await startWebhookReceiver()
    await gone.close()
    const error = 'no answer (ECONNREFUSED)'
    expect(await send(gone.url)).toEqual({ acknowledged: false, status: null, error, final: false })
    receiver.answerNext((response) => response.destroy())
    expect(await send(receiver.url)).toMatchObject({ status: null, error: 'no answer (UND_ERR_SOCKET)', final: false })
    expect(await send('http://receiver.invalid/')).toMatchObject({
      error: expect.stringMatching(/^no answer \(E\w+\)$/),
      final: false
    })
  })

  it('fails when what answers speaks no HTTP', async () => {
    const server = await startTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
    const answer = await send(`http://127.0.0.1:${server.port}/`)
    expect(answer).toMatchObject({ acknowledged: false, status: null, error: 'no answer (HTTPParserError)' })
    await server.close()
  })

  it('does not wait for TLS that never comes, and leaves no connection', async () => {
    const server = await startTcpServer(() => {})
    const answer = await send(`https://127.0.0.1:${server.port}/`, { timeoutMs: 100 })
    expect(answer).toMatchObject({ acknowledged: false, status: null, error: 'no answer in time' })
    await waitFor(() => server.open() === 0)
    await server.close()
  })

  it('ends when it is told to', async () => {
    receiver.answerNext('hang')
    const stop = new AbortController()
    const answer = send(receiver.url, {}, stop.signal)
    await waitFor(() => receiver.received.length === 1)
    stop.abort()
    const error = 'cut off: the gateway stopped'
    expect(await answer).toEqual({ acknowledged: false, status: null, error, final: false })
    await waitFor(() => receiver.open() === 0)
  })
})

describe('private addresses', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '127.0.0.1.',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '017700000001',
    '%31%32%37.0.0.1',
    '①②⑦.0.0.1',
    '127。0。0。1',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:0:0:1]',
    'localhost'
  ])('are refused before anybody dials: %s', async (host) => {
    expect(await send(`http://${host}:${receiver.port}/`, guarded)).toEqual(refused)
    expect(receiver.connections()).toBe(0)
  })

  it('are refused when a name leads to one', async () => {
    const { asked, resolve } = resolver([LOOPBACK])
    expect(await send(`http://receiver.example:${receiver.port}/`, { ...guarded, resolve })).toEqual(refused)
    expect(asked).toEqual(['receiver.example'])
    expect(receiver.connections()).toBe(0)
  })

  it.each([
    ['first', [LOOPBACK, PUBLIC]],
    ['last', [PUBLIC, LOOPBACK]]
  ])('are refused when one of several is: the %s', async (_where, addresses) => {
    const { resolve } = resolver(addresses)
    expect(await send(`http://receiver.example:${receiver.port}/`, { ...guarded, resolve })).toEqual(refused)
    expect(receiver.connections()).toBe(0)
  })

  it('are refused when a name changes what it leads to: each try judges what it dials, and asks once', async () => {
    const { asked, resolve } = resolver([UNANSWERED], [LOOPBACK])
    const url = `http://receiver.example:${receiver.port}/`
    const first = await send(url, { ...guarded, resolve, timeoutMs: 200 })
    expect(first).toMatchObject({ acknowledged: false, status: null, final: false })
    expect(asked).toHaveLength(1)
    expect(await send(url, { ...guarded, resolve })).toEqual(refused)
    expect(asked).toHaveLength(2)
    expect(receiver.connections()).toBe(0)
  })

  it('are called when the operator lets them be, by the name that was asked for', async () => {
    const { asked, resolve } = resolver([LOOPBACK])
    const host = `receiver.example:${receiver.port}`
    expect(await send(`http://${host}/`, { resolve })).toEqual({ acknowledged: true, status: 204 })
    expect(asked).toEqual(['receiver.example'])
    expect(receiver.received[0]?.headers.host).toBe(host)
  })
})
