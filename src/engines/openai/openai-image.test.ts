import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { startFakeOpenAIServer } from '../../../tests/support/fake-openai-server.ts'
import { freePort } from '../../../tests/support/free-port.ts'
import { useOpenAIEngine } from '../../../tests/support/openai-engine.ts'

const world = useOpenAIEngine()
const { start, generate, failing } = world

describe('an answer', () => {
  it.each([
    'ok_b64',
    'ok_url',
    'relative_url',
    'data_url',
    'images_list',
    'byte_order_mark',
    'raw_image',
    'raw_image_unnamed'
  ] as const)('may hold its image as %s', async (behaviour) => {
    await start({}, { apiKey: 'k-1' })
    world.server.setBehaviour({ default: behaviour })
    const image = await generate()
    expect(await readSeed(await buffer(image.bytes))).toBe(4_294_967_295)
    expect(image.mediaType).toBe('image/png')
    expect(world.server.requests.every((request) => request.headers.authorization === 'Bearer k-1')).toBe(true)
  })

  it.each([
    ['the server says so', { output_format: 'webp' }, undefined, 'image/webp'],
    ['it was asked for', {}, 'jpeg' as const, 'image/jpeg'],
    ['nothing is said', {}, undefined, 'image/png']
  ])('is labelled as %s', async (_, members, outputFormat, mediaType) => {
    await start()
    world.server.setBehaviour({ default: { name: 'custom', body: { ...members, data: [{ b64_json: 'AAAA' }] } } })
    expect((await generate(outputFormat ? { output_format: outputFormat } : {})).mediaType).toBe(mediaType)
  })

  it('may tell the seed', async () => {
    await start()
    world.server.setBehaviour({ default: { name: 'custom', body: { data: [{ b64_json: 'AAAA', seed: 11 }] } } })
    expect((await generate()).seed).toBe(11)
  })

  it.each(['wrong_size', 'jpeg', 'truncated_png', 'text_file'] as const)(
    'is passed on unjudged: %s',
    async (behaviour) => {
      await start()
      world.server.setBehaviour({ default: behaviour })
      expect((await buffer((await generate()).bytes)).length).toBeGreaterThan(0)
    }
  )

  it.each(['empty_data', 'dead_url', 'redirecting_url', 'foreign_url'] as const)(
    'without an image is bad output: %s',
    async (behaviour) => {
      await start()
      await (
        await failing(behaviour)
      ).toMatchObject({ fault: 'bad_output', message: expect.not.stringContaining('://') })
    }
  )

  it.each<[string, unknown]>([
    ['text', 'no json'],
    ['null', null],
    ['a list', []],
    ['an item that is null', { data: [null] }],
    ['empty base64', { data: [{ b64_json: '' }] }],
    ['base64 of nothing', { data: [{ b64_json: '====' }] }],
    ['an unreadable URL', { data: [{ url: 'http://' }] }],
    ['a URL with a user', { data: [{ url: 'http://a:b@127.0.0.1/x.png' }] }],
    ['a file URL', { data: [{ url: 'file:///etc/passwd' }] }],
    ['a data URL in percent signs', { data: [{ url: 'data:image/png,%89PNG' }] }],
    ['a data URL without data', { data: [{ url: 'data:image/png;base64' }] }]
  ])('that is %s is bad output', async (_, body) => {
    await start()
    await (await failing({ name: 'custom', body })).toMatchObject({ fault: 'bad_output' })
  })

  it('never leads into a private network', async () => {
    await start({}, { apiKey: 'k-1' })
    await (await failing('foreign_url')).toThrow('another server')
    expect(world.server.requests.map((request) => request.method)).toEqual(['POST'])
  })

  it('is fetched from the server itself by another of its loopback names, with its key', async () => {
    await start({}, { apiKey: 'k-1' })
    world.server.setBehaviour({ default: 'other_loopback_name' })
    expect((await buffer((await generate()).bytes)).length).toBeGreaterThan(0)
    expect(world.server.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['POST', 'Bearer k-1'],
      ['GET', 'Bearer k-1']
    ])
  })

  it('is fetched from another port of the machine without the key', async () => {
    const other = await startFakeOpenAIServer()
    try {
      await start({}, { apiKey: 'k-1' })
      const body = (url: string) => ({ name: 'custom', body: { data: [{ url }] } }) as const
      other.setBehaviour({ default: 'ok_url' })
      const made = await fetch(`${other.url}/v1/images/generations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', prompt: 'p', size: '64x64' })
      })
      const { data } = (await made.json()) as { data: { url: string }[] }
      world.server.setBehaviour({ default: body(data[0]!.url) })
      expect((await buffer((await generate()).bytes)).length).toBeGreaterThan(0)
      const { method, headers } = other.requests.at(-1)!
      expect([method, headers.authorization]).toEqual(['GET', undefined])
    } finally {
      await other.close()
    }
  })

  it('that cannot be fetched is tried again, and never made again', async () => {
    await start()
    const url = `http://127.0.0.1:${await freePort()}/gone.png`
    await (await failing({ name: 'custom', body: { data: [{ url }] } })).toMatchObject({ fault: 'bad_output' })
    expect(world.server.requests.map((request) => request.method)).toEqual(['POST'])
  })

  it.each([
    ['base64', { name: 'too_large', bytes: 3_000_000 }],
    ['base64 just over the limit', { name: 'too_large', bytes: 1_000_001 }],
    ['no image at all', { name: 'custom', body: 'x'.repeat(3_000_000) }],
    ['URL', 'ok_url']
  ] as const)('that is too large is bad output: %s', async (_, behaviour) => {
    await start({}, { maxImageBytes: behaviour === 'ok_url' ? 100 : 1_000_000 })
    await (
      await failing(behaviour)
    ).toMatchObject({ fault: 'bad_output', message: expect.stringContaining('more bytes') })
  })
})
