import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { waitFor } from '../../tests/support/wait-for.ts'
import { InlineImages } from './inline-images.ts'

const PIECE = 64 * 1024

/** Images by their keys, of which it is known what was taken. */
function storeOf(images: Record<string, Iterable<Buffer>>) {
  const opened: { key: string; stream: Readable; taken: number }[] = []
  const openBytes = async ({ storage_key: key }: { storage_key: string }): Promise<Readable> => {
    const pieces = images[key]
    if (!pieces) throw new Error(`${key} is gone`)
    const one = { key, stream: new Readable(), taken: 0 }
    one.stream = Readable.from(
      (function* () {
        for (const piece of pieces) {
          one.taken += piece.length
          yield piece
        }
      })(),
      { highWaterMark: 1 }
    )
    opened.push(one)
    return one.stream
  }
  return { assets: { openBytes }, awaitedImages: { find: () => undefined }, opened }
}

const row = (storage_key: string, bytes: number) => ({ storage_key, bytes })
const many = (pieces: number) => Array.from({ length: pieces }, (_, index) => Buffer.alloc(PIECE, index))
const close: (() => void)[] = []
afterEach(() => {
  for (const end of close.splice(0)) end()
})

describe('images in JSON', () => {
  it('are written where their words are, in as many bytes as is told before', async () => {
    const [a, b] = [many(5), [Buffer.from('é')]]
    const store = storeOf({ a, b })
    const images = new InlineImages(store)
    const value = {
      said: 'a fox, "naïve" \\ image 1 ',
      data: [{ b64_json: images.wordFor(row('a', 5 * PIECE)) }, { b64_json: images.wordFor(row('b', 2)) }],
      more: null
    }
    const { bytes, content } = await images.write(value)
    const written = await text(content)
    expect(Buffer.byteLength(written)).toBe(bytes)
    expect(JSON.parse(written)).toEqual({
      said: value.said,
      data: [{ b64_json: Buffer.concat(a).toString('base64') }, { b64_json: 'w6k=' }],
      more: null
    })
    expect(store.opened.every(({ stream }) => stream.destroyed)).toBe(true)
  })

  it('are none in JSON without any', async () => {
    const { bytes, content } = await new InlineImages(storeOf({})).write({ a: 'ü' })
    expect([bytes, await text(content)]).toEqual([10, '{"a":"ü"}'])
  })

  it('are not opened where their base64 is kept', async () => {
    const kept: Record<string, Buffer[]> = { b: [Buffer.from('dHdv'), Buffer.from('IQ==')] }
    const store = { ...storeOf({ a: [Buffer.from('one')] }), awaitedImages: { find: (key: string) => kept[key] } }
    const images = new InlineImages(store)
    const value = ['b', 'a', 'b'].map((key) => images.wordFor(row(key, key === 'a' ? 3 : 4)))
    const { bytes, content } = await images.write(value)
    const written = await text(content)
    expect([JSON.parse(written), written.length]).toEqual([['dHdvIQ==', 'b25l', 'dHdvIQ=='], bytes])
    expect(new Set(store.opened.map(({ key }) => key))).toEqual(new Set(['a']))
  })

  it('are refused before anything is sent when one of them cannot be opened', async () => {
    const store = storeOf({ a: many(1) })
    const images = new InlineImages(store)
    const value = [images.wordFor(row('a', PIECE)), images.wordFor(row('b', 1))]
    await expect(images.write(value)).rejects.toThrow('b is gone')
    expect(store.opened.every(({ stream }) => stream.destroyed)).toBe(true)
  })

  it('are read no faster than they are taken, and no further than somebody is there to take them', async () => {
    const store = storeOf({ a: many(100) })
    const images = new InlineImages(store)
    const { content } = await images.write(images.wordFor(row('a', 100 * PIECE)))
    const pieces = content[Symbol.asyncIterator]()
    for (let taken = 0; taken < 5; taken++) await pieces.next()
    expect(store.opened[0]!.taken).toBeLessThan(12 * PIECE)
    content.destroy()
    await waitFor(() => store.opened[0]!.stream.destroyed)
    expect(store.opened[0]!.taken).toBeLessThan(12 * PIECE)
  })

  it('that nobody reads let go of what is open', async () => {
    const store = storeOf({ a: many(2) })
    const images = new InlineImages(store)
    const { content } = await images.write(images.wordFor(row('a', 2 * PIECE)))
    content.destroy()
    await waitFor(() => store.opened[0]!.stream.destroyed)
  })

  it('that end too early cut the connection: no caller takes what there is for the whole', async () => {
    function* broken() {
      yield* many(3)
      throw new Error('The disk broke.')
    }
    const images = new InlineImages(storeOf({ a: broken() }))
    const { bytes, content } = await images.write({ b64_json: images.wordFor(row('a', 9 * PIECE)) })
    const server = createServer((_request, response) => {
      response.setHeader('content-length', bytes)
      content.on('error', () => response.destroy())
      content.pipe(response)
    }).listen(0, '127.0.0.1')
    close.push(() => server.close())
    await once(server, 'listening')
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect(answer.headers.get('content-length')).toBe(String(bytes))
    await expect(answer.text()).rejects.toThrow()
  })
})
