import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import {
  type FakeOpenAIOptions,
  type FakeOpenAIServer,
  startFakeOpenAIServer
} from '../../../tests/support/fake-openai-server.ts'
import { task } from '../../../tests/support/openai-engine.ts'
import { type ScriptedAnswer, startScriptedServer } from '../../../tests/support/scripted-server.ts'
import { pattern } from '../../../tests/support/test-images.ts'
import type { ImageTask } from '../../images/image-request.ts'
import type { Engine } from '../engine.ts'
import { createEngine } from '../engine-registry.ts'
import { PROFILE_NAMES, type ProfileName } from './profiles.ts'
import { profileOfAddress } from './recognise-profile.ts'

const picture = await pattern(40, 24, 3).png().toBuffer()
const closing: (() => Promise<void> | undefined)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const engineAt = (url: string, options: Record<string, unknown>, more = {}): Engine => {
  const engine = createEngine('openai', { url, options, models: [], folder: '.', maxImageBytes: 1_000_000, ...more })
  closing.push(() => engine.close?.())
  return engine
}
const start = async (fake: FakeOpenAIOptions = {}): Promise<FakeOpenAIServer> => {
  const server = await startFakeOpenAIServer({ defaultSize: { width: 32, height: 32 }, ...fake })
  closing.push(() => server.close())
  return server
}
const inputs = [{ name: 'image0', mediaType: 'image/png', width: 40, height: 24 }]
const masked = [...inputs, { name: 'mask', mediaType: 'image/png', width: 40, height: 24 }]
const run = () => createTestRun({ inputs: { image0: picture, mask: picture } })
const ASKED: Partial<ImageTask> = { steps: 4, guidance_scale: 2, sampler: 'euler', negative_prompt: 'blurry', seed: 5 }

/** What is sent of a generation that asks for everything, and what is told of it. */
const sentBy = async (profile: ProfileName, more: Partial<ImageTask> = {}) => {
  const server = await start()
  const image = await engineAt(server.url, { profile }).generate(task({ ...ASKED, ...more }), run())
  const { model: _model, prompt, n: _n, ...fields } = server.requests[0]!.json!
  return { fields, prompt, calls: server.requests.length, seed: image.seed, warnings: image.warnings }
}
const missed = (...names: string[]) => names.map((name) => `'${name}' is not supported by fake-image and was not sent.`)

describe('what a server is sent', () => {
  it.each<[ProfileName, Record<string, unknown>, number | null, string[]]>([
    ['generic', { ...ASKED, response_format: 'b64_json' }, 5, []],
    ['litellm', { ...ASKED, response_format: 'b64_json' }, 5, []],
    ['llama-swap', { ...ASKED, response_format: 'b64_json' }, 5, []],
    ['openai', {}, null, ['negative_prompt', 'steps', 'guidance_scale', 'sampler']],
    ['azure', {}, null, ['negative_prompt', 'steps', 'guidance_scale', 'sampler']],
    ['sd-server', { response_format: 'b64_json' }, null, ['steps', 'guidance_scale', 'negative_prompt', 'sampler']],
    [
      'lemonade',
      { seed: 5, steps: 4, cfg_scale: 2, sample_method: 'euler', response_format: 'b64_json' },
      5,
      ['negative_prompt']
    ],
    ['localai', { seed: 5, step: 4, response_format: 'b64_json' }, 5, ['negative_prompt', 'guidance_scale', 'sampler']],
    [
      'vllm-omni',
      { seed: 5, negative_prompt: 'blurry', num_inference_steps: 4, guidance_scale: 2, response_format: 'b64_json' },
      5,
      ['sampler']
    ],
    [
      'sglang',
      { seed: 5, negative_prompt: 'blurry', num_inference_steps: 4, guidance_scale: 2, response_format: 'b64_json' },
      5,
      ['sampler']
    ],
    [
      'koboldcpp',
      {
        seed: 5,
        negative_prompt: 'blurry',
        steps: 4,
        cfg_scale: 2,
        sampler_name: 'euler',
        response_format: 'b64_json'
      },
      5,
      []
    ]
  ])('is what %s takes, and the seed is told truly', async (profile, fields, seed, unsent) => {
    const sent = await sentBy(profile)
    expect(sent).toMatchObject({ fields, calls: 1, seed })
    expect(Object.keys(sent.fields).sort()).toEqual(Object.keys(fields).sort())
    expect([...sent.warnings].sort()).toEqual(missed(...unsent).sort())
  })

  it('has a row in the table for every profile', () => {
    expect(PROFILE_NAMES).toHaveLength(11)
  })

  it('has no sign of the server in the prompt', async () => {
    expect((await sentBy('localai', { prompt: 'a | b||c' })).prompt).toBe('a , b,,c')
    expect((await sentBy('generic', { prompt: 'a | b' })).prompt).toBe('a | b')
  })

  it('says by the callers name which field a server refuses that calls it otherwise', async () => {
    const server = await start({ knownFields: ['model', 'prompt', 'n', 'response_format', 'seed'] })
    const engine = engineAt(server.url, { profile: 'vllm-omni' })
    await expect(engine.generate(task({ steps: 4 }), run())).rejects.toMatchObject({
      fault: 'bad_request',
      param: 'steps'
    })
  })

  it.each<[ProfileName, boolean]>([
    ['generic', true],
    ['openai', true],
    ['litellm', false]
  ])('asks %s for previews: %s', async (profile, isAsked) => {
    const server = await start()
    await engineAt(server.url, { profile, previews: 2 }).generate(task(), run())
    expect('stream' in server.requests[0]!.json!).toBe(isAsked)
  })

  it('is not replaced by an extra field of the same name', async () => {
    const { fields } = await sentBy('vllm-omni', { extra: { num_inference_steps: 99 } })
    expect(fields.num_inference_steps).toBe(4)
  })
})

describe('an edit', () => {
  const edit = async (options: Record<string, unknown>, more: Partial<ImageTask> = {}) => {
    const server = await start()
    const engine = engineAt(server.url, options)
    const made = await engine.generate(task({ kind: 'edit', inputs, ...more }), run())
    await buffer(made.bytes)
    return server.requests[0]!
  }

  it('goes to LocalAI as a generation with its pictures', async () => {
    const { path, json } = await edit({ profile: 'localai' })
    expect(path).toBe('/v1/images/generations')
    expect(json).toMatchObject({ files: [picture.toString('base64')], prompt: 'a fox' })
  })

  it('goes as JSON where the owner says so, mask and all', async () => {
    const server = await start()
    const answer = { data: [{ b64_json: picture.toString('base64') }] }
    server.setBehaviour({ default: { name: 'custom', body: answer } })
    await engineAt(server.url, { edits: 'json', profile: 'generic' }).generate(
      task({ kind: 'edit', inputs: masked }),
      run()
    )
    const { path, json } = server.requests[0]!
    expect(path).toBe('/v1/images/edits')
    expect(json!.images).toEqual([{ image_url: `data:image/png;base64,${picture.toString('base64')}` }])
    expect(json!.mask).toEqual({ image_url: expect.stringMatching(/^data:image\/png;base64,/) })
  })

  it.each<[Record<string, unknown>, typeof inputs]>([
    [{ profile: 'koboldcpp' }, inputs],
    [{ profile: 'vllm-omni' }, masked],
    [{ profile: 'sglang' }, masked],
    [{ profile: 'localai' }, masked],
    [{ profile: 'generic', mask: 'none' }, masked]
  ])('is none of the callers faults where %j cannot', async (options, pictures) => {
    const server = await start()
    const making = engineAt(server.url, options).generate(task({ kind: 'edit', inputs: pictures }), run())
    await expect(making).rejects.toMatchObject({ fault: 'crashed' })
    expect(server.requests).toEqual([])
  })

  it('has sizes as the server makes them', async () => {
    const { form } = await edit({ profile: 'sd-server' }, { inputs: [{ ...inputs[0]!, width: 200, height: 130 }] })
    expect(form!.fields.size).toMatch(/^(?:192|256)x128$/)
  })

  it('follows the owner before the profile', async () => {
    const { form } = await edit({ profile: 'openai', response_format: 'b64_json', edits_field: 'image[]' })
    expect(form!.fields.response_format).toBe('b64_json')
    expect(form!.files[0]!.field).toBe('image[]')
  })
})

describe('the key', () => {
  it.each([
    ['azure', { 'api-key': 'sk-secret-1' }],
    ['openai', { authorization: 'Bearer sk-secret-1' }]
  ] as const)('of %s goes in its header', async (profile, headers) => {
    const server = await start()
    server.setBehaviour({ default: { name: 'custom', status: 400, body: { error: 'sk-secret-1 is the key' } } })
    const engine = engineAt(server.url, { profile }, { apiKey: 'sk-secret-1' })
    const failing = engine.generate(task(), run())
    await expect(failing).rejects.toMatchObject({ message: expect.not.stringContaining('sk-secret-1') })
    expect(server.requests[0]!.headers).toMatchObject(headers)
    expect(Object.keys(server.requests[0]!.headers).filter((name) => /^(?:api-key|authorization)$/.test(name))).toEqual(
      Object.keys(headers)
    )
  })

  it.each([
    ['https://club.openai.azure.com/openai/deployments/pics?api-version=x', 'azure'],
    ['https://club.services.ai.azure.com/openai/v1', 'azure'],
    ['https://api.openai.com', 'openai'],
    ['https://eu.api.openai.com/v1', 'openai'],
    ['https://api.openai.com.example.org', undefined],
    ['https://openai.azure.com.example.org', undefined],
    ['http://127.0.0.1:8080', undefined]
  ])('and all else at %s is that of %s', (url, name) => {
    expect(profileOfAddress(url)?.name).toBe(name)
  })
})

describe('a server without a profile', () => {
  const list = (owned_by: string) => ({ json: { data: [{ id: 'x', owned_by }] } })
  const image = { json: { data: [{ b64_json: picture.toString('base64') }] } }
  const scripted = async (script: Record<string, ScriptedAnswer>) => {
    const all = { 'POST /v1/images/generations': image, ...script }
    const server = await startScriptedServer(all)
    closing.push(() => server.close())
    return { ...server, script: all as Record<string, ScriptedAnswer> }
  }
  const describeIt = (engine: Engine) => engine.describe(new AbortController().signal)
  const warningsOf = async (engine: Engine) => (await engine.generate(task({ sampler: 'euler' }), run())).warnings

  it('is recognised when it is described, before the next image, and named', async () => {
    const server = await scripted({ 'GET /v1/models': list('sglang') })
    const engine = engineAt(`${server.url}/v1`, {})
    expect(await warningsOf(engine)).toEqual([])
    expect((await describeIt(engine)).summary).toBe('SGLang (models: 1)')
    expect(await warningsOf(engine)).toEqual(missed('sampler'))
  })

  it('that is no known one is looked at once', async () => {
    const server = await scripted({ 'GET /v1/models': list('me') })
    const engine = engineAt(server.url, {})
    for (let asked = 0; asked < 2; asked++) await describeIt(engine)
    expect(await warningsOf(engine)).toEqual([])
    expect(server.calls.filter((call) => call === 'GET /running')).toHaveLength(1)
  })

  describe('that is to load a model', () => {
    const warm = (engine: Engine, model = 'sdxl') => engine.warm!(model, new AbortController().signal)
    const ofModels = { 'GET /v1/models': list('me') }
    const running = (...states: object[]) => ({ 'GET /running': { json: { running: states } } })

    it('is asked for it where that loads it', async () => {
      const server = await scripted({ ...ofModels, ...running(), 'GET /upstream/sdxl/': { html: 'Hello' } })
      expect(await warm(engineAt(`${server.url}/v1`, {}))).toBe('warmed')
      expect(server.calls.at(-1)).toBe('GET /upstream/sdxl/')
      expect(server.calls).not.toContain('POST /v1/images/generations')
    })

    it('has loaded what runs, whatever that says of the page', async () => {
      const server = await scripted({ ...ofModels, ...running({ model: 'a/b c', state: 'ready' }) })
      const engine = engineAt(server.url, {})
      expect(await warm(engine, 'a/b c')).toBe('warmed')
      expect(server.calls).toContain('GET /upstream/a/b%20c/')
      await expect(warm(engine, 'sdxl')).rejects.toMatchObject({ fault: 'model_missing' })
      server.script['GET /upstream/sdxl/'] = { status: 502, json: { error: 'it did not start' } }
      await expect(warm(engine, 'sdxl')).rejects.toMatchObject({ fault: 'crashed' })
    })

    it('is not asked for a picture where nothing else would', async () => {
      const server = await scripted(ofModels)
      expect(await warm(engineAt(server.url, {}))).toBe('unsupported')
      expect(server.calls).not.toContain('POST /v1/images/generations')
    })
  })

  it('is looked at again as long as it lists nothing', async () => {
    const server = await scripted({})
    const engine = engineAt(server.url, {})
    expect((await describeIt(engine)).summary).toMatch(/^OpenAI-compatible server/)
    server.script['GET /v1/models'] = list('sglang')
    expect((await describeIt(engine)).summary).toMatch(/^SGLang/)
  })
})
