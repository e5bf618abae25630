import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { serveCalls } from '../../tests/support/serve-calls.ts'
import { silentLogger } from '../lib/logger.ts'
import { DirectUploads } from './direct-uploads.ts'
import { GatewayTransfers } from './gateway-transfers.ts'

const serve = serveCalls()
const opened: GatewayTransfers[] = []
afterEach(() => {
  for (const transfers of opened.splice(0)) transfers.close()
})

const IMAGE = { pieces: [Buffer.from('im'), Buffer.from('age')], mediaType: 'image/png' as const }
const PLACED = { 'content-type': 'image/png', 'x-amz-checksum-sha256': 'abc=' }

/** What came to a store that answers so. */
let store: { url: string; got: { request: IncomingMessage; body: string }[]; answer: number }
beforeEach(async () => {
  store = { url: '', got: [], answer: 200 }
  store.url = await serve(async (request, response) => {
    store.got.push({ request, body: String(await buffer(request)) })
    response.writeHead(store.answer, { location: 'http://127.0.0.1:1/' }).end()
  })
})

/** An agent of a gateway that names this place, and answers `told` to the word that the image is there. */
async function arrange({ place = {}, told = 200, resolve }: Partial<Arranged> = {}) {
  const asked: string[] = []
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    request.resume()
    const isWord = request.url === '/uploaded'
    response.writeHead(isWord ? told : 200)
    response.end(
      isWord
        ? '{"error":{"code":"not_found"}}'
        : JSON.stringify({ place: { url: store.url, headers: PLACED, ...place } })
    )
  })
  const transfers = new GatewayTransfers({ silenceMs: 500 })
  opened.push(transfers)
  const clock = { at: 0 }
  const uploads = new DirectUploads({
    transfers,
    isOffered: () => true,
    now: () => clock.at,
    logger: silentLogger(),
    ...(resolve && { resolve })
  })
  const leaving = new AbortController()
  const bring = (at = url) =>
    uploads.bring({
      url: at,
      headers: { authorization: 'Bearer lease' },
      resultHeaders: { 'x-result': 'r' },
      image: IMAGE,
      signal: leaving.signal
    })
  return { bring, asked, clock, leaving, port: new URL(url).port }
}
interface Arranged {
  place: object
  told: number
  resolve: (host: string) => Promise<{ address: string; family: number }[]>
}

it('is given the image with the headers of a list, and never the lease token', async () => {
  const headers = { ...PLACED, authorization: 'Bearer mine', cookie: 'a=b' }
  const { bring, asked } = await arrange({ place: { headers } })
  expect(await bring()).toBe('stored')
  expect(asked).toEqual(['POST /upload', 'POST /uploaded'])
  const [{ request, body }] = store.got as [(typeof store.got)[0]]
  expect([request.method, body]).toEqual(['PUT', 'image'])
  expect(request.headers).toMatchObject({ ...PLACED, 'content-length': '5' })
  expect(request.headers).not.toHaveProperty('authorization')
  expect(request.headers).not.toHaveProperty('cookie')
})

it.each([307, 403, 500, 503])('that answers %i is not told of, and left alone for a while', async (answer) => {
  store.answer = answer
  const { bring, asked, clock } = await arrange()
  expect(await bring()).toBeUndefined()
  expect(asked).toEqual(['POST /upload'])
  clock.at = 599_999
  expect(await bring()).toBeUndefined()
  expect(asked).toHaveLength(1)
  store.answer = 200
  clock.at = 600_000
  expect(await bring()).toBe('stored')
})

it.each([
  [404, 'unwanted'],
  [409, 'unwanted'],
  [400, undefined]
])('whose image the gateway answers with %i ends so', async (told, outcome) => {
  const { bring } = await arrange({ told })
  expect(await bring()).toBe(outcome)
})

it.each([
  ['nowhere', {}],
  ['no address', { url: 'bucket' }],
  ['a file', { url: 'file:///etc/passwd' }],
  ['an address without an end', { url: `http://127.0.0.1/${'x'.repeat(4096)}` }],
  ['an answer without an end', { filler: 'x'.repeat(70_000) }],
  ['a header that is none', { headers: { 'content-type': 'a\r\nb: c' } }]
])('is %s: the image goes to the gateway', async (what, place) => {
  const { bring } = await arrange({ place: what === 'nowhere' ? { url: undefined } : place })
  expect(await bring()).toBeUndefined()
  expect(store.got).toEqual([])
})

it.each([
  ['93.184.215.14', undefined],
  ['192.168.1.7', 'stored']
])('that lies in a private network is not written to unless the gateway does, too (%s)', async (address, outcome) => {
  // What the gateway's name leads to, as far as it is asked about; that of the store leads to this machine.
  const resolve = async (host: string) => [{ address: host === 'localhost' ? address : '127.0.0.1', family: 4 }]
  const { port } = new URL(store.url)
  for (const url of [store.url, `http://bucket.example.org:${port}`]) {
    const { bring, port: ofGateway } = await arrange({ place: { url }, resolve })
    expect(await bring(`http://localhost:${ofGateway}`)).toBe(outcome)
  }
  expect(store.got).toHaveLength(outcome ? 2 : 0)
})

it('ends with what its signal aborts with', async () => {
  const { bring, leaving } = await arrange()
  leaving.abort(new Error('not wanted any more'))
  await expect(bring()).rejects.toThrow('not wanted any more')
})
