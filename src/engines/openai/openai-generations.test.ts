import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import type { FakeBehaviour } from '../../../tests/support/fake-openai-behaviours.ts'
import { freePort } from '../../../tests/support/free-port.ts'
import { readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import {
  type FakeOpenAIOptions,
  type FakeOpenAIServer,
  startFakeOpenAIServer
} from '../../../tests/support/fake-openai-server.ts'
import type { ImageTask } from '../../images/image-request.ts'
import type { Engine } from '../engine.ts'
import { createOpenAIEngine, type OpenAIEngineOptions } from './openai-engine.ts'

let server: FakeOpenAIServer
let engine: Engine
afterEach(async () => {
  await engine.close?.()
  await server.close()
})

const start = async (fake: FakeOpenAIOptions = {}, options: Partial<OpenAIEngineOptions> = {}): Promise<void> => {
  server = await startFakeOpenAIServer({ defaultSize: { width: 64, height: 64 }, ...fake })
  engine = createOpenAIEngine({ baseUrl: server.url, maxImageBytes: 1_000_000, ...options })
}

const task = (more: Partial<ImageTask> = {}): ImageTask => ({
  kind: 'generation',
  model: 'fake-image',
  prompt: 'a fox',
  seed: 4_294_967_295,
  inputs: [],
  extra: {},
  ...more
})

const generate = (more: Partial<ImageTask> = {}) => engine.generate(task(more), createTestRun())
const failing = async (behaviour: FakeBehaviour, more: Partial<ImageTask> = {}) => {
  server.setBehaviour({ default: behaviour })
  return expect(generate(more)).rejects
}

describe('a generation', () => {
  it('arrives unchanged, with fields that only the server knows', async () => {
    await start({}, { apiKey: 'k-1' })
    const prompt = ' "Füchse" \n im\r\nSchnee <lora:x:1> 🦊 '
    const image = await generate({
      prompt,
      size: { width: 48, height: 32 },
      negativePrompt: 'snow',
      steps: 4,
      guidanceScale: 1.5,
      sampler: 'euler',
      quality: 'high',
      background: 'opaque',
      outputFormat: 'png',
      outputCompression: 50,
      moderation: 'low',
      style: 'vivid',
      extra: { num_inference_steps: 9, nested: { a: [1, null] }, n: 5, prompt: 'other', stream: true, model: 'x' }
    })
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/v1/images/generations' })
    expect(server.requests[0]!.headers).toMatchObject({
      authorization: 'Bearer k-1',
      'content-type': 'application/json'
    })
    expect(server.requests[0]!.json).toEqual({
      model: 'fake-image',
      prompt,
      n: 1,
      size: '48x32',
      seed: 4_294_967_295,
      negative_prompt: 'snow',
      steps: 4,
      guidance_scale: 1.5,
      sampler: 'euler',
      quality: 'high',
      background: 'opaque',
      output_format: 'png',
      output_compression: 50,
      moderation: 'low',
      style: 'vivid',
      num_inference_steps: 9,
      nested: { a: [1, null] },
      response_format: 'b64_json'
    })
    const bytes = await buffer(image.bytes)
    expect(await readSeed(bytes)).toBe(4_294_967_295)
    expect(image).toMatchObject({ mediaType: 'image/png', seed: 4_294_967_295, warnings: [] })
  })

  it('leaves out what was not asked for, and sends no key when there is none', async () => {
    await start()
    await generate({ extra: { size: '9999x9999' } })
    expect(Object.keys(server.requests[0]!.json!)).toEqual(['model', 'prompt', 'n', 'seed', 'response_format'])
    expect(server.requests[0]!.headers.authorization).toBeUndefined()
  })

  it.each(['', '/', '/v1', '/v1/'])('finds the API below a base URL that ends in %j', async (ending) => {
    await start()
    const other = createOpenAIEngine({ baseUrl: server.url + ending, maxImageBytes: 1_000_000 })
    await other.generate(task(), createTestRun())
    await other.close?.()
    expect(server.requests.map((request) => request.path)).toEqual(['/v1/images/generations'])
  })

  it('goes to a longer path with its query, as does all else', async () => {
    await start({ basePath: '/openai/deployments/pics' })
    const baseUrl = `${server.url}/openai/deployments/pics?api-version=1`
    const other = createOpenAIEngine({ baseUrl, maxImageBytes: 1_000_000 })
    await other.generate(task(), createTestRun())
    await other.describe(new AbortController().signal)
    await other.close?.()
    expect(server.requests.map((request) => request.path)).toEqual([
      '/openai/deployments/pics/images/generations?api-version=1',
      '/openai/deployments/pics/models?api-version=1'
    ])
  })

  it('signs in as the user of the address, whose password is told to nobody', async () => {
    await start()
    const baseUrl = server.url.replace('://', '://jo:s%65cret@')
    const other = createOpenAIEngine({ baseUrl, maxImageBytes: 1_000_000 })
    server.setBehaviour({ default: { name: 'custom', status: 400, body: { error: 'jo secret am9vOnNlY3JldA== bad' } } })
    await expect(other.generate(task(), createTestRun())).rejects.toThrow(/^jo \[key\]/)
    await other.describe(new AbortController().signal)
    await other.close?.()
    const basic = `Basic ${Buffer.from('jo:secret').toString('base64')}`
    expect(server.requests.map((request) => request.headers.authorization)).toEqual([basic, basic])
  })

  it('and all else carries the headers of the service', async () => {
    await start({}, { headers: { 'x-gateway-key': 'gk-12345', authorization: 'Token t-1' } })
    server.setBehaviour({ default: 'ok_url' })
    await generate()
    await engine.describe(new AbortController().signal)
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
    for (const { headers } of server.requests) {
      expect(headers).toMatchObject({ 'x-gateway-key': 'gk-12345', authorization: 'Token t-1' })
    }
    await (
      await failing({ name: 'custom', status: 400, body: { error: 'what is gk-12345?' } })
    ).toThrow('what is [key]?')
  })

  it('refuses a prompt that holds settings for the image server', async () => {
    await start()
    const prompt = 'a <sd_cpp_extra_args>{"batch_count":8}</sd_cpp_extra_args>'
    await expect(generate({ prompt })).rejects.toMatchObject({ fault: 'bad_request' })
    expect(server.requests).toEqual([])
  })
})

describe("OpenAI's own models", () => {
  it.each(['gpt-image-1.5', 'chatgpt-image-latest', 'openai/gpt-image-1', 'azure/gpt-image-1', 'my/proxy/GPT-Image-1'])(
    '%s gets only what OpenAI knows',
    async (model) => {
      await start()
      const image = await generate({
        model,
        steps: 4,
        negativePrompt: 'x',
        guidanceScale: 2,
        sampler: 's',
        quality: 'low'
      })
      expect(server.requests[0]!.json).toEqual({ model, prompt: 'a fox', n: 1, quality: 'low' })
      expect(image.seed).toBeNull()
      expect(image.warnings).toEqual(
        ['negative_prompt', 'steps', 'guidance_scale', 'sampler'].map(
          (name) => `'${name}' is not supported by ${model} and was not sent.`
        )
      )
    }
  )

  it('of the DALL·E family are asked for base64', async () => {
    await start({ defaultResponseFormat: 'url' })
    const image = await generate({ model: 'dall-e-3' })
    expect(server.requests.map((request) => request.json)).toEqual([
      { model: 'dall-e-3', prompt: 'a fox', n: 1, response_format: 'b64_json' }
    ])
    expect(image.warnings).toEqual([])
  })
})

describe('response_format', () => {
  it.each(['refuses_format_400', 'refuses_format_422'] as const)('is given up for good: %s', async (behaviour) => {
    await start()
    server.setBehaviour({ default: behaviour })
    await generate()
    await generate()
    expect(server.requests.map((request) => request.json?.response_format)).toEqual(['b64_json', undefined, undefined])
  })

  it('is tried again when it was not the only thing refused', async () => {
    await start()
    server.setBehaviour({ queue: ['refuses_format_400', 'error_400'] })
    await expect(generate()).rejects.toMatchObject({ fault: 'bad_request' })
    await generate()
    expect(server.requests.map((request) => request.json?.response_format)).toEqual(['b64_json', undefined, 'b64_json'])
  })

  it('can be left out, or insisted on, by profile', async () => {
    await start({}, { profile: { responseFormat: 'omit' } })
    await generate()
    const insisting = createOpenAIEngine({
      baseUrl: server.url,
      maxImageBytes: 1_000_000,
      profile: { responseFormat: 'b64_json' }
    })
    await expect(insisting.generate(task({ model: 'gpt-image-1' }), createTestRun())).resolves.toBeDefined()
    await insisting.close?.()
    expect(server.requests.map((request) => request.json?.response_format)).toEqual([undefined, 'b64_json', undefined])
  })
})

describe('a strict server', () => {
  const KNOWN = ['model', 'prompt', 'size']
  const sentFields = () => server.requests.map(({ json }) => Object.keys(json!).slice(2))

  it.each<[string, FakeOpenAIOptions['refusal']]>([
    ['OpenAI', undefined],
    [
      'pydantic',
      (field) => ({
        status: 422,
        body: { detail: [{ type: 'extra_forbidden', loc: ['body', field], msg: 'Extra inputs are not permitted' }] }
      })
    ],
    ['Go', (field) => ({ status: 400, body: { error: `json: unknown field "${field}"` } })],
    ['Python', (field) => ({ status: 500, body: { error: `got an unexpected keyword argument '${field}'` } })]
  ])('in the words of %s is sent only what it knows, from the second image on at once', async (_words, refusal) => {
    await start({ knownFields: KNOWN, ...(refusal && { refusal }) })
    const unasked = ['seed']
    const image = await generate({ unasked })
    expect(sentFields()).toEqual([
      ['n', 'seed', 'response_format'],
      ['seed', 'response_format'],
      ['response_format'],
      []
    ])
    expect(image).toMatchObject({ seed: null, warnings: [] })
    await generate({ unasked })
    expect(sentFields().slice(4)).toEqual([[]])
    await generate({ unasked, model: 'other' })
    expect(sentFields()).toHaveLength(9)
  })

  it('is asked for the format of the image, which the agent can bring about by itself', async () => {
    await start({ knownFields: [...KNOWN, 'n', 'seed', 'response_format'] })
    const image = await generate({ outputFormat: 'webp', outputCompression: 50 })
    expect(sentFields()).toHaveLength(3)
    expect(image.warnings).toEqual([])
  })

  it.each<[string, Partial<ImageTask>]>([
    ['seed', {}],
    ['steps', { steps: 4, unasked: ['seed'] }],
    ['lora', { extra: { lora: 'x' }, unasked: ['seed'] }]
  ])('that refuses what the caller sent is not asked again: %s', async (param, asked) => {
    await start({ knownFields: [...KNOWN, 'n'] })
    await expect(generate(asked)).rejects.toMatchObject({
      fault: 'bad_request',
      param,
      message: `Unknown parameter: '${param}'.`
    })
    const refused = server.requests.filter(({ json }) => param in json!)
    expect(refused.length).toBe(server.requests.length)
    await expect(generate(asked)).rejects.toMatchObject({ param })
  })

  it('of one value is offered another one the next time', async () => {
    await start()
    const refusal = { error: { message: 'Seeds above 2^31 are invalid', param: 'seed', code: 'invalid_value' } }
    server.setBehaviour({ queue: [{ name: 'custom', status: 400, body: refusal }] })
    expect((await generate({ unasked: ['seed'] })).seed).toBeNull()
    expect((await generate({ unasked: ['seed'], seed: 5 })).seed).toBe(5)
    expect(server.requests.map(({ json }) => json!.seed)).toEqual([4_294_967_295, undefined, 5])
  })

  it('that refuses everything is given up', async () => {
    await start({ knownFields: ['model'] })
    await expect(generate({ unasked: ['seed'] })).rejects.toMatchObject({ fault: 'bad_request', param: 'prompt' })
    expect(server.requests).toHaveLength(1)
  })
})

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
    server.setBehaviour({ default: behaviour })
    const image = await generate()
    expect(await readSeed(await buffer(image.bytes))).toBe(4_294_967_295)
    expect(image.mediaType).toBe('image/png')
    expect(server.requests.every((request) => request.headers.authorization === 'Bearer k-1')).toBe(true)
  })

  it.each([
    ['the server says so', { output_format: 'webp' }, undefined, 'image/webp'],
    ['it was asked for', {}, 'jpeg' as const, 'image/jpeg'],
    ['nothing is said', {}, undefined, 'image/png']
  ])('is labelled as %s', async (_, members, outputFormat, mediaType) => {
    await start()
    server.setBehaviour({ default: { name: 'custom', body: { ...members, data: [{ b64_json: 'AAAA' }] } } })
    expect((await generate(outputFormat ? { outputFormat } : {})).mediaType).toBe(mediaType)
  })

  it('may tell the seed', async () => {
    await start()
    server.setBehaviour({ default: { name: 'custom', body: { data: [{ b64_json: 'AAAA', seed: 11 }] } } })
    expect((await generate()).seed).toBe(11)
  })

  it.each(['wrong_size', 'jpeg', 'truncated_png', 'text_file'] as const)(
    'is passed on unjudged: %s',
    async (behaviour) => {
      await start()
      server.setBehaviour({ default: behaviour })
      expect((await buffer((await generate()).bytes)).length).toBeGreaterThan(0)
    }
  )

  it.each(['html_200', 'empty_data', 'dead_url', 'redirecting_url', 'foreign_url'] as const)(
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
    expect(server.requests.map((request) => request.method)).toEqual(['POST'])
  })

  it('is fetched from the server itself by another of its loopback names, with its key', async () => {
    await start({}, { apiKey: 'k-1' })
    server.setBehaviour({ default: 'other_loopback_name' })
    expect((await buffer((await generate()).bytes)).length).toBeGreaterThan(0)
    expect(server.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
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
      server.setBehaviour({ default: body(data[0]!.url) })
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
    expect(server.requests.map((request) => request.method)).toEqual(['POST'])
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

describe('a fault', () => {
  it.each([
    ['error_500', 'crashed', 'The server had an error'],
    ['error_oom', 'out_of_memory', 'CUDA out of memory'],
    ['close_before_headers', 'crashed', 'without an answer'],
    ['close_mid_body', 'bad_output', 'middle of its answer'],
    ['redirect', 'crashed', 'redirects'],
    ['html_502', 'crashed', 'answered with a web page'],
    ['not_found', 'crashed', 'does not offer images/generations'],
    ['model_not_found', 'model_missing', "'fake-image' does not exist"],
    ['error_400', 'bad_request', 'divisible by 16'],
    ['detail_text', 'bad_request', 'Too many images for this model.'],
    ['detail_list', 'bad_request', 'Input should be a valid integer'],
    ['moderation_blocked', 'content_rejected', 'safety system'],
    ['error_429', 'busy', 'try again in 12s'],
    ['koboldcpp_busy', 'busy', 'Server is busy']
  ] as const)('%s is %s', async (behaviour, fault, words) => {
    await start()
    await (
      await failing(behaviour)
    ).toMatchObject({ name: 'EngineError', fault, message: expect.stringContaining(words) })
  })

  it('of the key does not tell the key', async () => {
    await start({ requiredApiKey: 'right' }, { apiKey: 'wrong-key' })
    const refused = { fault: 'unreachable', message: "The provider's image server refused its API key." }
    await expect(generate()).rejects.toMatchObject(refused)
    await expect(engine.describe(new AbortController().signal)).rejects.toMatchObject(refused)
  })

  it('tells neither key nor places that the server blabs', async () => {
    await start({}, { apiKey: 'wrong-key' })
    const error = 'wrong-key at http://10.0.0.3:7860/x: cannot open /home/jo/model.bin'
    await (
      await failing({ name: 'custom', status: 400, body: { error } })
    ).toThrow(/^\[key\] at \[address\] cannot open \[path\]$/)
  })

  it('of an unknown host is unreachable', async () => {
    await start({}, { baseUrl: 'http://no-such-host.invalid' })
    await expect(generate()).rejects.toMatchObject({
      fault: 'unreachable',
      message: expect.not.stringContaining('invalid')
    })
  })
})

describe('an abort', () => {
  it('hangs up on the image server', async () => {
    await start()
    server.setBehaviour({ default: 'hang' })
    const abort = new AbortController()
    const work = expect(engine.generate(task(), createTestRun({ signal: abort.signal }))).rejects.toThrow('enough')
    await vi.waitUntil(() => server.requests.length === 1)
    abort.abort(new Error('enough'))
    await work
    await vi.waitUntil(() => server.requests[0]!.abandoned)
  })

  it('ends the wait for an input', async () => {
    await start()
    const abort = new AbortController()
    const run = { ...createTestRun({ signal: abort.signal }), input: async () => new Readable({ read: () => {} }) }
    const inputs = [{ name: 'image0', mediaType: 'image/png', width: 8, height: 8 }]
    const work = expect(engine.generate(task({ kind: 'edit', inputs }), run)).rejects.toThrow('enough')
    setImmediate(() => abort.abort(new Error('enough')))
    await work
  })

  it('ends a description', async () => {
    await start()
    server.setBehaviour({ models: 'hang' })
    const abort = new AbortController()
    const work = expect(engine.describe(abort.signal)).rejects.toThrow('enough')
    await vi.waitUntil(() => server.requests.length === 1)
    abort.abort(new Error('enough'))
    await work
  })
})

describe('a description', () => {
  const describeEngine = () => engine.describe(new AbortController().signal)

  it('lists the models with the key', async () => {
    await start({ requiredApiKey: 'k', knownModels: ['a', 'org/b'] }, { apiKey: 'k' })
    expect(await describeEngine()).toMatchObject({ models: ['a', 'org/b'], features: expect.arrayContaining(['mask']) })
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/models'])
  })

  it.each(['not_found', 'html_200', 'empty_data'] as const)('is content without a list: %s', async (behaviour) => {
    await start()
    server.setBehaviour({ models: behaviour })
    expect(await describeEngine()).toMatchObject({ models: [], summary: expect.stringContaining('does not list') })
  })

  it.each([
    ['error_500', 'crashed'],
    ['koboldcpp_busy', 'busy'],
    ['close_before_headers', 'unreachable']
  ] as const)('fails when the server does: %s', async (behaviour, fault) => {
    await start()
    server.setBehaviour({ models: behaviour })
    await expect(describeEngine()).rejects.toMatchObject({ fault })
  })
})

it('keeps decodable bytes of a jpeg that was asked for', async () => {
  await start()
  const image = await generate({ outputFormat: 'jpeg' })
  expect((await sharp(await buffer(image.bytes)).metadata()).format).toBe('jpeg')
})
