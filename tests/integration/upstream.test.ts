import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiErrorOf } from '../support/read-error.ts'
import type { FakeBehaviourName } from '../support/fake-openai-behaviours.ts'
import { fetchImage, generate, getJob } from '../support/image-calls.ts'
import { type FakeOpenAIProcess, spawnFakeOpenAI } from '../support/spawn-fake-openai.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const UPSTREAM_KEY = 'sk-upstream-4f7a9c'
const TIMEOUT_MS = 1500
const SIZE = '64x48'

let gateway: TestGateway
let upstream: FakeOpenAIProcess
let caller: TestUser

const offer = (id: string, servedAs: string) => ({
  engine: 'openai',
  url: upstream.url,
  apiKey: UPSTREAM_KEY,
  timeoutMs: TIMEOUT_MS,
  models: [{ id, servedAs, features: ['generate' as const] }]
})

beforeAll(async () => {
  upstream = await spawnFakeOpenAI({ requiredApiKey: UPSTREAM_KEY, defaultResponseFormat: 'url' })
  gateway = await startTestGateway()
  caller = await gateway.addUser()
  await gateway.addAgent({
    key: caller.key,
    services: [
      { name: 'inline', ...offer('inline', 'sd_xl_base_1.0.safetensors') },
      {
        name: 'linked',
        ...offer('org/linked:v2', 'other "name"'),
        extras: 'any',
        options: { response_format: 'omit' }
      },
      { name: 'broken', ...offer('broken', 'upstream-model') },
      { name: 'strict', ...offer('strict', 'upstream-model') }
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

const serviceRow = (name: string) =>
  gateway.database.db.selectFrom('services').selectAll().where('name', '=', name).executeTakeFirstOrThrow()

const requestsOf = (prompt: string) =>
  gateway.database.db.selectFrom('requests').selectAll().where('prompt', '=', prompt).execute()

describe('what arrives at the image server', () => {
  it.each([
    ['unicode', 'ein Füchslein 🦊 im Schnee, 雪の狐, \u202Bשועל\u202C, e\u0301'],
    ['quotes', `"a" 'fox' \`in\` \\"the\\" snow\\n {"model": "x"} ${'$'}{HOME}`],
    ['newlines and blanks', '  first line\nsecond\r\n\tthird\u0000\u2028 end  '],
    ['length', `long ${'wörd '.repeat(6000)}`]
  ])('is the prompt unchanged: %s', async (_what, prompt) => {
    await generate(caller.client, { model: 'inline', prompt, size: SIZE })
    expect(only(await upstream.requestsWith(prompt)).json).toMatchObject({ prompt })
  })

  it('is the model as it is served, the size, the seed and what else was sent, and nothing of our own', async () => {
    const prompt = 'every field'
    const extra = { cfg_rescale: 0.7, lora: [{ name: 'ünï', weight: 0 }], clip_skip: 2, tags: { deep: [null, false] } }
    const known = {
      negative_prompt: 'blurry\n"text"',
      steps: 7,
      guidance_scale: 3.5,
      sampler: 'euler_a',
      quality: 'high',
      style: 'vivid',
      background: 'opaque',
      moderation: 'low',
      output_format: 'jpeg',
      output_compression: 80
    }
    const ours = {
      async: false,
      stream: false,
      partial_images: 0,
      response_format: 'b64_json',
      visibility: 'UNLISTED',
      user: 'end-user-7',
      inference_club_note: 'x'
    }
    await generate(caller.client, {
      model: 'org/linked:v2',
      prompt,
      size: SIZE,
      seed: 11,
      n: 1,
      ...known,
      ...extra,
      ...ours
    })
    const { json, headers } = only(await upstream.requestsWith(prompt))
    expect(json).toEqual({ model: 'other "name"', prompt, n: 1, size: SIZE, seed: 11, ...known, ...extra })
    expect(headers.authorization).toBe(`Bearer ${UPSTREAM_KEY}`)
    expect(JSON.stringify(headers)).not.toContain(caller.key)
  })

  it('is no size when none was asked for, and a seed that is drawn', async () => {
    const prompt = 'hardly any field'
    const answer = await generate(caller.client, { model: 'org/linked:v2', prompt, size: 'auto', steps: undefined })
    const { json } = only(await upstream.requestsWith(prompt))
    expect(json).toEqual({ model: 'other "name"', prompt, n: 1, seed: answer.data[0]?.seed })
  })

  it('is one call per image, each with its seed', async () => {
    const prompt = 'three of them'
    await generate(caller.client, { model: 'inline', prompt, size: SIZE, n: 3, seed: 2 ** 32 - 2 })
    const calls = await upstream.requestsWith(prompt)
    expect(calls.map((call) => call.json?.n)).toEqual([1, 1, 1])
    expect(calls.map((call) => call.json?.seed).sort()).toEqual([0, 2 ** 32 - 2, 2 ** 32 - 1].sort())
  })
})

describe('the answer of the image server', () => {
  it.each([
    ['inline', 'ok_b64'],
    ['inline', 'ok_url'],
    ['inline', 'data_url'],
    ['org/linked:v2', 'ok_url'],
    ['org/linked:v2', 'relative_url']
  ])('of %s may be %s', async (model, behaviour) => {
    const answer = await generate(caller.client, { model, prompt: `[fake:${behaviour}]`, size: SIZE })
    expect(await fetchImage(only(answer.data).url)).toMatchObject({ format: 'png', width: 64, height: 48 })
  })

  it('may have another size than was asked for: that is a warning', async () => {
    const answer = await generate(caller.client, { model: 'inline', prompt: '[fake:wrong_size]', size: SIZE })
    expect(answer.size).toBe('40x24')
    expect(answer.warnings?.join()).toContain(SIZE)
  })

  it('may be of another format than was asked for: it is converted', async () => {
    const fields = { model: 'inline', prompt: '[fake:jpeg]', size: SIZE, output_format: 'webp' }
    const answer = await generate(caller.client, fields)
    expect(await fetchImage(only(answer.data).url)).toMatchObject({ format: 'webp', mediaType: 'image/webp' })
  })

  it('may tell a seed beyond 32 bits, as servers that count in 64 do', async () => {
    const [image] = (
      await generate(caller.client, { model: 'inline', prompt: 'a source', size: SIZE, response_format: 'b64_json' })
    ).data
    const seed = 2 ** 40 + 1
    await upstream.setBehaviour({
      queue: [{ name: 'custom', status: 200, body: { data: [{ b64_json: image?.b64_json, seed }] } }]
    })
    const answer = await generate(caller.client, { model: 'inline', prompt: 'a huge seed', size: SIZE })
    expect(only(answer.data).seed).toBe(seed)
  })
})

describe('an image server that fails', () => {
  /**
   * Behaviour and how many calls it gets: three, but one for a timeout, which no repetition can mend, and for a success
   * that cannot be used, whose work is done.
   */
  const failures: [FakeBehaviourName, number][] = [
    // First: behind another fault it would be the server that hangs, and the image would wait.
    ['hang', 1],
    ['error_500', 3],
    ['close_before_headers', 3],
    ['truncated_png', 1],
    ['text_file', 1],
    ['close_mid_body', 1],
    ['error_oom', 3],
    ['empty_data', 1],
    ['foreign_url', 1]
  ]

  it('is an upstream_error each time, leaves nothing behind, and is asked again afterwards', async () => {
    const filesBefore = await storedFiles(gateway.dataDir)
    const count = async (table: 'assets' | 'usage_images') =>
      (await gateway.database.db.selectFrom(table).select('request_id').execute()).length
    const rowsBefore = [await count('assets'), await count('usage_images')]

    for (const [behaviour, calls] of failures) {
      const prompt = `[fake:${behaviour}] on the only service`
      const error = await apiErrorOf(generate(caller.client, { model: 'broken', prompt, size: SIZE }))
      expect(error, behaviour).toMatchObject({ status: 502, code: 'upstream_error' })
      expect(error.headers?.get('x-should-retry')).toBe('false')
      expect(await upstream.requestsWith(prompt), behaviour).toHaveLength(calls)
      const request = only(await requestsOf(prompt))
      const job = await getJob(caller.client, request.id)
      expect(job.status).toBe('FAILED')
      expect(job.attempts).toHaveLength(calls)
      const told = JSON.stringify([error.message, job])
      for (const secret of [upstream.url, new URL(upstream.url).host, UPSTREAM_KEY, caller.key, gateway.dataDir]) {
        expect(told).not.toContain(secret)
      }
    }

    expect(await storedFiles(gateway.dataDir)).toEqual(filesBefore)
    expect([await count('assets'), await count('usage_images')]).toEqual(rowsBefore)
    expect((await serviceRow('broken')).faults_in_row).toBeGreaterThan(7)
    expect((await caller.client.models.list()).data.map((model) => model.id)).toContain('broken')

    const answer = await generate(caller.client, { model: 'broken', prompt: 'good again', size: SIZE })
    expect(await fetchImage(only(answer.data).url)).toMatchObject({ width: 64, height: 48 })
    expect(await serviceRow('broken')).toMatchObject({ faults_in_row: 0, cooling_until: 0 })
  })

  it.each([
    ['error_400', 400, 'invalid_request', 'divisible by 16'],
    ['detail_list', 400, 'invalid_request', 'valid integer'],
    ['moderation_blocked', 400, 'content_rejected', 'safety system']
  ])(
    'because of the request itself (%s) answers so, is asked once, and is not blamed',
    async (behaviour, status, code, text) => {
      const prompt = `[fake:${behaviour}] by the request`
      const error = await apiErrorOf(generate(caller.client, { model: 'strict', prompt, size: SIZE }))
      expect(error).toMatchObject({ status, code })
      expect(error.message).toContain(text)
      expect(await upstream.requestsWith(prompt)).toHaveLength(1)
      expect(await serviceRow('strict')).toMatchObject({ faults_in_row: 0, cooling_until: 0 })
    }
  )

  it('is not known by the name it has for its model', async () => {
    const stranger = await gateway.addUser()
    const error = await apiErrorOf(generate(stranger.client, { model: 'sd_xl_base_1.0.safetensors' }))
    expect(error).toMatchObject({ status: 404, code: 'no_provider' })
  })
})
