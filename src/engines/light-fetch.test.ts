import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { Agent } from 'undici'
import { afterEach, expect, it } from 'vitest'
import { fetchThrough } from './light-fetch.ts'
import { PATIENT, readStart } from './upstream-http.ts'

let opened: AsyncDisposableStack
afterEach(() => opened.disposeAsync())

async function serve(listener: RequestListener) {
  opened = new AsyncDisposableStack()
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const dispatcher = opened.adopt(new Agent(PATIENT), (agent) => agent.destroy())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { fetch: fetchThrough(dispatcher), url }
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
  ['a blob', new Blob(['wo', 'rds']), '5']
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
  ['deflate', deflateSync],
  ['br', brotliCompressSync]
])('decodes what a proxy encoded as %s, of which no more is read than was wanted', async (encoding, encode) => {
  const { fetch, url } = await serve((_request, response) => {
    response.writeHead(200, { 'content-encoding': encoding }).end(encode('words'.repeat(1_000_000)))
  })
  const whole = await readStart(await fetch(url, { ...plain, method: 'GET' }), 5_000_000)
  expect(whole).toMatchObject({ complete: true })
  expect(whole.bytes.length).toBe(5_000_000)
  expect(await readStart(await fetch(url, { ...plain, method: 'GET' }), 4_999_999)).toMatchObject({ complete: false })
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

it('fails with the code of a connection that cannot be made', async () => {
  const { fetch } = await serve(() => undefined)
  await expect(fetch('http://127.0.0.1:1/', { ...plain, method: 'GET' })).rejects.toMatchObject({
    code: 'ECONNREFUSED'
  })
})
