import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { fetchImage, generate, getJob, type ImagesAnswer, type JobAnswer, SMALL } from '../support/image-calls.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

const MAX_IMAGES = 3
const MAX_SEED = 2 ** 32 - 1

let gateway: TestGateway
let upstream: FakeOpenAIServer

beforeAll(async () => {
  upstream = await startFakeOpenAIServer()
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_MAX_IMAGES_PER_REQUEST: String(MAX_IMAGES) } })
  const { key } = await gateway.addUser()
  const features = ['generate' as const]
  await gateway.addAgent({
    key,
    name: 'studio',
    services: [
      { name: 'painter', concurrency: 2 },
      {
        name: 'wide',
        concurrency: 3,
        models: [{ id: 'wide', servedAs: 'demo', features }],
        options: { step_time: '50ms' }
      },
      {
        name: 'proxied',
        engine: 'openai',
        url: upstream.url,
        extras: ['glitter', 'flag'],
        models: [{ id: 'proxied', servedAs: 'upstream-name', features }]
      }
    ]
  })
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

const only = <T>(list: readonly T[]): T => {
  expect(list).toHaveLength(1)
  return list[0]!
}
const imagesOf = (answer: ImagesAnswer) => Promise.all(answer.data.map((item) => fetchImage(item.url)))
const imageOf = async (answer: ImagesAnswer) => only(await imagesOf(answer))

describe('the answer', () => {
  it('holds the URL of a stored image, and what was resolved', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client)
    const item = only(answer.data)
    expect(item.url).toBe(`${gateway.url}/api/inference/assets/${item.asset_id}/`)
    expect(item.asset_id).toMatch(/^ast_[a-z0-9]{25}$/)
    expect(item).not.toHaveProperty('b64_json')
    expect(answer.request_id).toMatch(/^req_[a-z0-9]{25}$/)
    expect(answer).toMatchObject({ size: '48x32', output_format: 'png' })
    expect(answer).not.toHaveProperty('warnings')
    expect(answer).not.toHaveProperty('usage')
    expect(await imageOf(answer)).toMatchObject({ mediaType: 'image/png', format: 'png', width: 48, height: 32 })
  })

  it('holds the same bytes inline when they are asked for', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { response_format: 'b64_json', n: 2 })
    const stored = await imagesOf(answer)
    expect(answer.data.map((item) => item.b64_json)).toEqual(stored.map(({ bytes }) => bytes.toString('base64')))
  })

  it('tells the time in whole Unix seconds', async () => {
    const { client } = await gateway.addUser()
    const before = Math.floor(Date.now() / 1000)
    const { created } = await generate(client)
    expect(created).toSatisfy(Number.isInteger)
    expect(created).toBeGreaterThanOrEqual(before)
    expect(created).toBeLessThanOrEqual(Date.now() / 1000)
  })

  it('carries the id of the exchange and how long it took', async () => {
    const { client } = await gateway.addUser()
    const call = client.images.generate(SMALL as never)
    const { response, request_id: requestId } = await call.withResponse()
    const answer = (await call) as unknown as ImagesAnswer
    expect(answer._request_id).toMatch(/^xid_/)
    expect(requestId).toBe(answer._request_id)
    expect(response.headers.get('x-request-id')).toBe(answer._request_id)
    expect(response.headers.get('openai-processing-ms')).toMatch(/^\d+$/)
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
  })

  it.each(['/v1/images/generations', '/v1/images/generations/'])('comes at %s', async (path) => {
    const { key } = await gateway.addUser()
    const response = await gateway.call(path, { key, json: SMALL })
    expect(response.status).toBe(200)
    expect(((await response.json()) as ImagesAnswer).data).toHaveLength(1)
  })
})

describe('n', () => {
  it('is that many tasks on as many free slots', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { model: 'wide', n: 3, seed: 5, steps: 4 })
    const attempts = await gateway.database.db
      .selectFrom('attempts')
      .selectAll()
      .where('request_id', '=', answer.request_id)
      .execute()
    expect(attempts).toHaveLength(3)
    const lastBegan = Math.max(...attempts.map((attempt) => attempt.assigned_at))
    const firstEnded = Math.min(...attempts.map((attempt) => attempt.finished_at ?? 0))
    expect(lastBegan).toBeLessThan(firstEnded)
    expect(answer.data.map((item) => item.seed)).toEqual([5, 6, 7])
    expect(new Set(answer.data.map((item) => item.asset_id)).size).toBe(3)
  })

  it.each(['2', ' 2 ', 2, 2.0])('may be %j', async (n) => {
    const { client } = await gateway.addUser()
    expect((await generate(client, { n })).data).toHaveLength(2)
  })

  it.each([MAX_IMAGES + 1, 1000, 1e300])('of %d is clamped, and the answer says so', async (n) => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { n })
    expect(answer.data).toHaveLength(MAX_IMAGES)
    expect(only(answer.warnings ?? [])).toMatch(new RegExp(`'n' was .*${MAX_IMAGES}`))
  })

  it('of which fewer are made is told before one is made, too', async () => {
    const { client, key } = await gateway.addUser()
    const accepted = (await generate(client, { n: MAX_IMAGES + 1, async: true })) as unknown as JobAnswer
    const warnings = [expect.stringMatching(new RegExp(`'n' was .*${MAX_IMAGES}`)) as unknown]
    expect(accepted).toMatchObject({ status: 'QUEUED', warnings })
    const job = await gateway.call(`/v1/jobs/${accepted.id}`, { key })
    expect(await job.json()).toMatchObject({ warnings })
  })

  it('of the limit is not worth a warning', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { n: MAX_IMAGES })
    expect(answer.data).toHaveLength(MAX_IMAGES)
    expect(answer).not.toHaveProperty('warnings')
  })

  it('of which some fail gives the others, and names what failed', async () => {
    const { client } = await gateway.addUser()
    upstream.setBehaviour({ queue: ['ok', 'error_400', 'ok'] })
    const answer = await generate(client, { model: 'proxied', n: 3, seed: 10 })
    expect(answer.data.map((item) => item.seed)).toEqual([10, 12])
    expect(answer.warnings?.find((warning) => warning.includes('failed'))).toMatch(/^Image 2 of 3 failed: /)
  })
})

describe('size', () => {
  it.each([
    ['48x32', 48, 32],
    ['33x100', 33, 100],
    ['48X32', 48, 32],
    ['48×32', 48, 32],
    [' 48x32 ', 48, 32],
    ['16x16', 16, 16]
  ])('%j is obeyed', async (size, width, height) => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { size })
    expect(answer.size).toBe(`${width}x${height}`)
    expect(await imageOf(answer)).toMatchObject({ width, height })
  })

  it.each([{ size: 'auto' }, { size: null }, { size: undefined }])(
    '$size leaves it to the provider',
    async (fields) => {
      const { client } = await gateway.addUser()
      const answer = await generate(client, { model: 'proxied', ...fields })
      expect(answer.size).toBe('256x256')
      expect(await imageOf(answer)).toMatchObject({ width: 256, height: 256 })
    }
  )

  it('that the provider does not keep to is told', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { model: 'proxied', prompt: '[fake:wrong_size]', size: '64x64' })
    expect(answer.size).toBe('40x24')
    expect(answer.warnings?.join()).toMatch(/64x64.*40x24/)
  })
})

describe('output_format', () => {
  it.each(['png', 'jpeg', 'webp'] as const)('%s is what comes', async (format) => {
    const { client } = await gateway.addUser()
    for (const model of ['demo', 'proxied']) {
      const answer = await generate(client, { model, output_format: format })
      expect(answer.output_format).toBe(format)
      expect(await imageOf(answer)).toMatchObject({ format, mediaType: `image/${format}` })
    }
  })

  it.each(['jpg', 'JPEG', 'image/jpeg', 'image/jpg'])('%s is jpeg', async (format) => {
    const { client } = await gateway.addUser()
    expect((await generate(client, { output_format: format })).output_format).toBe('jpeg')
  })

  it.each(['jpeg', 'webp'])('%s is compressed as asked', async (format) => {
    const { client } = await gateway.addUser()
    const bytesAt = async (compression: unknown) => {
      const fields = { output_format: format, output_compression: compression, size: '128x128', seed: 3 }
      return (await imageOf(await generate(client, fields))).bytes
    }
    const [small, large] = [await bytesAt(5), await bytesAt('95')]
    expect(small.length).toBeLessThan(large.length)
  })

  it('png has no compression to choose, and the answer says so', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { output_compression: 50 })
    expect(only(answer.warnings ?? [])).toContain("'output_compression'")
  })
})

describe('seed', () => {
  it('repeated gives identical bytes, another one others', async () => {
    const { client } = await gateway.addUser()
    const bytesOf = async (seed: unknown) => (await imageOf(await generate(client, { seed }))).bytes
    const first = await bytesOf(42)
    expect(await bytesOf('42')).toEqual(first)
    expect(await bytesOf(43)).not.toEqual(first)
  })

  it('is s + i for image i', async () => {
    const { client } = await gateway.addUser()
    const [first, second] = await imagesOf(await generate(client, { seed: 7, n: 2 }))
    expect((await imageOf(await generate(client, { seed: 7 }))).bytes).toEqual(first!.bytes)
    expect((await imageOf(await generate(client, { seed: 8 }))).bytes).toEqual(second!.bytes)
  })

  it('begins again at 0 after the largest one', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { seed: MAX_SEED, n: 2 })
    expect(answer.data.map((item) => item.seed)).toEqual([MAX_SEED, 0])
  })

  it('of more than 32 bits is folded, and the one that was used is told', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { seed: '18446744073709551611', n: 2 })
    expect(answer.data.map((item) => item.seed)).toEqual([MAX_SEED - 4, MAX_SEED - 3])
    expect(only(answer.warnings ?? [])).toContain(String(MAX_SEED - 4))
    expect((await generate(client, { seed: 2 ** 53 })).warnings).toHaveLength(1)
  })

  it('-1 has one drawn', async () => {
    const { client } = await gateway.addUser()
    const drawn = await Promise.all([-1, '-1'].map((seed) => generate(client, { seed })))
    const seeds = drawn.map((answer) => answer.data[0]?.seed)
    for (const seed of seeds) expect(seed).toBeGreaterThanOrEqual(0)
    expect(seeds[0]).not.toBe(seeds[1])
    expect(drawn[0]).not.toHaveProperty('warnings')
  })

  it('is drawn when none is sent, and reported so that the image can be repeated', async () => {
    const { client } = await gateway.addUser()
    const [drawn, another] = [await generate(client), await generate(client)]
    expect(drawn.data[0]!.seed).not.toBe(another.data[0]!.seed)
    const repeated = await generate(client, { seed: drawn.data[0]!.seed })
    expect((await imageOf(repeated)).bytes).toEqual((await imageOf(drawn)).bytes)
  })
})

describe('other fields', () => {
  it('that are null count as absent', async () => {
    const { client } = await gateway.addUser()
    const names = ['n', 'size', 'response_format', 'async', 'stream', 'partial_images', 'output_format']
    const more = ['output_compression', 'background', 'quality', 'moderation', 'style', 'user', 'seed', 'sampler']
    const later = ['negative_prompt', 'steps', 'guidance_scale', 'visibility', 'webhook_url', 'something_else']
    const nulls = Object.fromEntries([...names, ...more, ...later].map((name) => [name, null]))
    const answer = await generate(client, { model: 'proxied', ...nulls })
    expect(only(answer.data)).not.toHaveProperty('b64_json')
    expect(answer).not.toHaveProperty('warnings')
    expect((await getJob(client, answer.request_id)).parameters).toEqual({ n: 1, size: 'auto' })
  })

  it('that ask for what is so anyway are accepted', async () => {
    const { client } = await gateway.addUser()
    await generate(client, { stream: false, partial_images: 0, visibility: 'UNLISTED', webhook_url: '' })
    await generate(client, { stream: 'false', partial_images: '0', async: 'false' })
  })

  it('that the engine has no use for are warned about', async () => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, { sampler: 'euler', style: 'vivid', n: 2, glitter: 3 })
    for (const name of ['sampler', 'style', 'glitter']) {
      // Once for the request, not once for each image.
      expect(answer.warnings?.filter((warning) => warning.includes(`'${name}'`))).toHaveLength(1)
    }
  })

  it.each([
    ['many', Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`extra_${index}`, index]))],
    ['of endless name', { ['k'.repeat(5000)]: 1 }]
  ])('that are %s keep no image from coming', async (_name, extra) => {
    const { client } = await gateway.addUser()
    const answer = await generate(client, extra)
    expect(answer.data).toHaveLength(1)
    expect(answer.warnings).not.toHaveLength(0)
  })

  it('are recorded, known and unknown ones', async () => {
    const { client } = await gateway.addUser()
    const known = { seed: 1, negative_prompt: 'rain', guidance_scale: 4.5, quality: 'high', output_format: 'png' }
    const unknown = { glitter: 3, nested: { deep: [1, 'two', null] }, flag: false, zero: 0 }
    const { request_id: id } = await generate(client, { ...known, ...unknown, inference_club_note: 'x', user: 'eve' })
    expect((await getJob(client, id)).parameters).toEqual({ n: 1, size: '48x32', steps: 2, ...known, ...unknown })
  })

  it('go to the engine, but for those that are ours', async () => {
    const { client } = await gateway.addUser()
    const ours = { response_format: 'url', user: 'eve', async: false, stream: false, visibility: 'UNLISTED' }
    const answer = await generate(client, {
      model: 'proxied',
      prompt: 'unmistakable',
      ...ours,
      glitter: 3,
      flag: true,
      dust: 4
    })
    const sent = upstream.requests.find((request) => request.json?.prompt === 'unmistakable')?.json
    expect(sent).toMatchObject({ model: 'upstream-name', glitter: 3, flag: true, seed: answer.data[0]!.seed })
    expect(answer.warnings).toEqual([
      expect.stringMatching(/^studio says: “'dust': not sent, because the service does not list it\.”$/)
    ])
    for (const name of ['user', 'async', 'stream', 'visibility', 'partial_images', 'webhook_url', 'dust']) {
      expect(sent).not.toHaveProperty(name)
    }
  })
})

describe('what is written down', () => {
  it('is the request with its attempts, images and usage', async () => {
    const { db } = gateway.database
    const user = await gateway.addUser()
    const fields = { prompt: 'two foxes', n: 2, seed: 100, output_format: 'webp', user: 'end-user-7', glitter: 1 }
    const answer = await generate(user.client, fields)
    const id = answer.request_id

    const request = await db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(request).toMatchObject({
      user_id: user.id,
      api_key_id: user.keyId,
      kind: 'generation',
      state: 'succeeded',
      is_async: 0,
      model: 'demo',
      prompt: 'two foxes',
      n: 2,
      end_user: 'end-user-7',
      error_code: null
    })
    expect(JSON.parse(request.parameters)).toEqual({
      size: { width: 48, height: 32 },
      steps: 2,
      seed: 100,
      output_format: 'webp',
      extra: { glitter: 1 }
    })
    expect(request.created_at).toBeLessThanOrEqual(request.started_at ?? 0)
    expect(request.started_at).toBeLessThanOrEqual(request.finished_at ?? 0)

    const attempts = await db.selectFrom('attempts').selectAll().where('request_id', '=', id).execute()
    expect(attempts).toHaveLength(2)
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ state: 'succeeded', reason: null, progress: 100 })
      expect(attempt.assigned_at).toBeLessThanOrEqual(attempt.finished_at ?? 0)
      expect(attempt.generating_ms).toBeGreaterThanOrEqual(0)
    }
    const { provider_id, service_id } = attempts[0]!
    const provider = await db.selectFrom('providers').selectAll().where('id', '=', provider_id).executeTakeFirst()
    const service = await db.selectFrom('services').selectAll().where('id', '=', service_id).executeTakeFirst()
    expect([provider?.name, service?.name]).toEqual(['studio', 'painter'])

    const images = await imagesOf(answer)
    const assets = await db.selectFrom('assets').selectAll().where('request_id', '=', id).orderBy('position').execute()
    expect(assets).toMatchObject(
      images.map(({ bytes, width, height }, position) => ({
        id: answer.data[position]!.asset_id,
        owner_id: user.id,
        kind: 'output',
        position,
        media_type: 'image/webp',
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        width,
        height,
        seed: 100 + position
      }))
    )

    const usage = await db.selectFrom('usage_images').selectAll().where('request_id', '=', id).execute()
    expect(usage.map((row) => row.asset_id).sort()).toEqual(assets.map((asset) => asset.id).sort())
    for (const row of usage) {
      expect(row).toMatchObject({ user_id: user.id, api_key_id: user.keyId, provider_id, service_id })
      expect(row).toMatchObject({ kind: 'generation', model: 'demo', width: 48, height: 32 })
    }
  })

  it('is no usage for images that failed', async () => {
    const user = await gateway.addUser()
    upstream.setBehaviour({ queue: ['error_400', 'ok'] })
    const answer = await generate(user.client, { model: 'proxied', n: 2 })
    const usage = await gateway.database.db
      .selectFrom('usage_images')
      .select('asset_id')
      .where('user_id', '=', user.id)
      .execute()
    expect(usage).toEqual([{ asset_id: only(answer.data).asset_id }])
  })
})
