import { getEventListeners, once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { startRefusing } from '../../tests/support/refusing-server.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { openConnections } from './light-fetch.ts'
import { readStart } from './upstream-http.ts'

let opened: AsyncDisposableStack
afterEach(() => opened.disposeAsync())

async function open(server: Server, close: () => void) {
  opened = new AsyncDisposableStack()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.defer(async () => {
    close()
    server.close()
    await once(server, 'close')
  })
  const connections = opened.adopt(openConnections(), ({ close }) => close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { fetch: connections.fetch, url }
}

function serve(listener: RequestListener) {
  const server = createServer(listener)
  return open(server, () => server.closeAllConnections())
}

/** Answers any call with these bytes, and closes the connection. */
function serveBytes(answer: string) {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(answer))
  })
  return open(server, () => undefined)
}

const plain = { redirect: 'manual', headers: {}, signal: new AbortController().signal } as const

it('gives status, headers and body as they come, and follows nowhere', async () => {
  const { fetch, url } = await serve((_request, response) => {
    response.writeHead(302, { location: '/there', 'x-two': ['a', 'b'] }).end('moved')
  })
  const answer = await fetch(url, { ...plain, method: 'GET' })
  expect(answer).toMatchObject({ status: 302, ok: false })
  expect([answer.headers.get('location'), answer.headers.get('x-two'), answer.headers.get('x-none')]).toEqual([
    '/there',
    'a, b',
    null
  ])
  expect(String((await readStart(answer, 100)).bytes)).toBe('moved')
})

it.each([
  ['text', 'words', '5'],
  ['bytes in pieces', [Buffer.from('wo'), Buffer.alloc(0), Buffer.from('rds')], '5']
])('sends %s with its length', async (_what, body, length) => {
  const { fetch, url } = await serve((request, response) => {
    text(request).then(
      (got) => response.end(JSON.stringify([got, request.headers['content-length'], request.headers['x-own']])),
      () => response.destroy()
    )
  })
  const answer = await fetch(url, { ...plain, method: 'POST', headers: { 'x-own': 'yes' }, body })
  expect(JSON.parse(String((await readStart(answer, 1000)).bytes))).toEqual(['words', length, 'yes'])
})

it.each([
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZip, identity', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync]
])('decodes what a proxy encoded as %s, of which no more is read than was wanted', async (encoding, encode) => {
  const { fetch, url } = await serve((_request, response) => {
    response.writeHead(200, { 'content-encoding': encoding }).end(encode('words'.repeat(1_000_000)))
  })
  const whole = await readStart(await fetch(url, { ...plain, method: 'GET' }), 5_000_000)
  expect(whole).toMatchObject({ complete: true })
  expect(whole.bytes.length).toBe(5_000_000)
  expect(await readStart(await fetch(url, { ...plain, method: 'GET' }), 4_999_999)).toMatchObject({ complete: false })
})

it.each([
  ['none of a status that has no body', 204, {}, ''],
  ['none of no bytes', 200, { 'content-length': '0' }, ''],
  // Nobody encodes so, and each of thousands would take memory.
  ['what was encoded twice', 200, {}, 'as it came'],
  ['what nobody knows', 200, {}, 'as it came']
])('takes as it is %s', async (what, status, headers, body) => {
  const encoding = what === 'what nobody knows' ? 'compress' : what === 'what was encoded twice' ? 'gzip, br' : 'gzip'
  const { fetch, url } = await serve((_request, response) => {
    response.writeHead(status, { ...headers, 'content-encoding': encoding }).end(body)
  })
  const { bytes } = await readStart(await fetch(url, { ...plain, method: 'GET' }), 100)
  expect(String(bytes)).toBe(body)
})

it.each(['a\u0007b', 'a\nb', 'œ'])('fails at once with a header that cannot be sent: %j', async (value) => {
  const { fetch, url } = await serve((_request, response) => response.end('words'))
  const sent = fetch(url, { ...plain, method: 'GET', headers: { authorization: value } })
  await expect(sent).rejects.toThrow('Invalid character in header content ["authorization"]')
})

it('fails when an encoded body breaks off', async () => {
  const { fetch, url } = await serve((_request, response) => {
    const whole = gzipSync('words'.repeat(1000))
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': whole.length })
    response.write(whole.subarray(0, 20), () => response.destroy())
  })
  const answer = await fetch(url, { ...plain, method: 'GET' })
  await expect(readStart(answer, 5_000_000)).rejects.toThrow('in the middle of its answer')
})

it('ends with the reason of its signal, before the answer and within its body', async () => {
  const { fetch, url } = await serve((request, response) => {
    if (request.url === '/body') response.write('x')
  })
  const left = new AbortController()
  const waiting = fetch(url, { ...plain, method: 'POST', body: '', signal: left.signal })
  left.abort(new Error('left'))
  await expect(waiting).rejects.toThrow('left')

  const later = new AbortController()
  const answer = await fetch(`${url}body`, { ...plain, method: 'GET', signal: later.signal })
  const reading = readStart(answer, 100)
  later.abort(new Error('left'))
  await expect(reading).rejects.toMatchObject({ cause: { message: 'left' } })
})

it('is over with its answer, though the server reads no further and keeps the connection', async () => {
  const sockets: Socket[] = []
  const { fetch, url } = await open(
    createTcpServer((socket) => {
      sockets.push(socket.on('error', () => undefined))
      socket.once('data', () => socket.pause().write('HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig'))
    }),
    () => sockets.forEach((socket) => socket.destroy())
  )
  const { signal } = new AbortController()
  const answer = await fetch(url, { ...plain, method: 'POST', signal, body: [Buffer.alloc(32 * 1024 * 1024)] })
  expect(String((await readStart(answer, 100)).bytes)).toBe('big')
  await waitFor(() => getEventListeners(signal, 'abort').length === 0)
})

it.each([
  ['bytes', [Buffer.alloc(4 * 1024 * 1024)]],
  ['text', 'x'.repeat(4 * 1024 * 1024)]
])('takes the answer of a server that closes without reading all of what it is sent: %s', async (_what, body) => {
  const url = await startRefusing()
  opened = new AsyncDisposableStack()
  const { fetch } = opened.adopt(openConnections(), ({ close }) => close())
  // It is by chance which of both comes first, the answer or the end.
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await fetch(url, { ...plain, method: 'POST', body })
    expect([answer.status, String((await readStart(answer, 100)).bytes)]).toEqual([413, 'big'])
  }
})

it('fails of a server that closes without an answer as soon as that is known', async () => {
  const { fetch, url } = await open(
    createTcpServer((socket) => socket.on('error', () => undefined).once('data', () => socket.resetAndDestroy())),
    () => undefined
  )
  const sent = fetch(url, { ...plain, method: 'POST', body: [Buffer.alloc(4 * 1024 * 1024)] })
  await expect(sent).rejects.toMatchObject({ code: 'ECONNRESET' })
})

it('ends with the reason of its signal while it waits for a connection', async () => {
  const { url } = await serve(() => undefined)
  const { fetch, close } = opened.adopt(openConnections({ most: 1 }), (connections) => connections.close())
  const first = fetch(url, { ...plain, method: 'GET' }).catch((error: Error) => error.message)
  const [left, before] = [new AbortController(), AbortSignal.abort(new Error('left before'))]
  const second = fetch(url, { ...plain, method: 'GET', signal: left.signal })
  left.abort(new Error('left'))
  await expect(second).rejects.toThrow('left')
  await expect(fetch(url, { ...plain, method: 'GET', signal: before })).rejects.toThrow('left before')
  const third = fetch(url, { ...plain, method: 'GET' }).catch((error: Error) => error.message)
  close()
  expect(await Promise.all([first, third])).toEqual(Array(2).fill('The connections are closed.'))
})

it('fails with the code of a connection that cannot be made', async () => {
  const { fetch } = await serve(() => undefined)
  await expect(fetch('http://127.0.0.1:1/', { ...plain, method: 'GET' })).rejects.toMatchObject({
    code: 'ECONNREFUSED'
  })
})

it('fails when a connection is not made in time', async () => {
  const { url } = await open(
    createTcpServer((socket) => socket.on('error', () => undefined).resume()),
    () => undefined
  )
  const { fetch } = opened.adopt(openConnections({ connectWithinMs: 20 }), ({ close }) => close())
  const silent = fetch(url.replace('http:', 'https:'), { ...plain, method: 'GET' })
  await expect(silent).rejects.toMatchObject({ code: 'ETIMEDOUT' })
})

it('waits for an answer longer than for a connection', async () => {
  const { url } = await serve((_request, response) => void setTimeout(() => response.end('made'), 80))
  const { fetch } = opened.adopt(openConnections({ connectWithinMs: 40 }), ({ close }) => close())
  expect(String((await readStart(await fetch(url, { ...plain, method: 'GET' }), 100)).bytes)).toBe('made')
})

const OK = 'HTTP/1.1 200 OK\r\n'
/** Node's limit of all names and values of headers, with the word behind the status. */
const MOST_HEADER_BYTES = 16 * 1024 - 'OK'.length

it.each([
  ['headers as long as they may be', `${OK}x: ${'a'.repeat(MOST_HEADER_BYTES - 2)}\r\n\r\nmade`],
  ['thousands of hints before it', `${'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(5000)}${OK}\r\nmade`],
  ['more than it announced', `${OK}content-length: 4\r\n\r\nmade and more`],
  ['trailers', `${OK}transfer-encoding: chunked\r\n\r\n4\r\nmade\r\n0\r\nx: y\r\n\r\n`]
])('takes an answer with %s', async (_what, bytes) => {
  const { fetch, url } = await serveBytes(bytes)
  expect(String((await readStart(await fetch(url, { ...plain, method: 'GET' }), 100)).bytes)).toBe('made')
})

it.each([
  ['headers a byte longer', `${OK}x: ${'a'.repeat(MOST_HEADER_BYTES - 1)}\r\n\r\nmade`],
  ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ['hints and nothing more', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(5000)],
  ['less than it announced', `${OK}content-length: 5\r\n\r\nmade`],
  ['two lengths', `${OK}content-length: 4\r\ncontent-length: 5\r\n\r\nmade!`],
  ['no last chunk', `${OK}transfer-encoding: chunked\r\n\r\n4\r\nmade\r\n`],
  [
    'trailers that are too long',
    `${OK}transfer-encoding: chunked\r\n\r\n4\r\nmade\r\n0\r\nx: ${'a'.repeat(16 * 1024)}\r\n\r\n`
  ]
])('fails of an answer with %s', async (_what, bytes) => {
  const { fetch, url } = await serveBytes(bytes)
  const reading = fetch(url, { ...plain, method: 'GET' }).then((answer) => readStart(answer, 100))
  await expect(reading).rejects.toThrow()
})
