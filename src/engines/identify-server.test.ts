import { afterEach, describe, expect, it } from 'vitest'
import { startFakeComfy } from '../../tests/support/fake-comfyui-server.ts'
import { startFakeOpenAIServer } from '../../tests/support/fake-openai-server.ts'
import { startFakeInvoke } from '../../tests/support/fake-invokeai.ts'
import { type FakeSdapiOptions, startFakeSdapi } from '../../tests/support/fake-sdapi.ts'
import { startFakeSdcpp } from '../../tests/support/fake-sdcpp.ts'
import { startFakeSwarm } from '../../tests/support/fake-swarmui.ts'
import { freePort } from '../../tests/support/free-port.ts'
import { type ScriptedAnswer, startScriptedServer } from '../../tests/support/scripted-server.ts'
import { startTestGateway } from '../../tests/support/test-gateway.ts'
import { identifyServer } from './identify-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

const started = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
  const server = await starting
  open.push(server)
  return server
}
const scripted = (script: Record<string, ScriptedAnswer>) => started(startScriptedServer(script))

/** What was recognised, or undefined. */
const identify = async (url: string, more: { apiKey?: string; engine?: string } = {}) =>
  (await identifyServer({ url, ...more })).result[0]

const list = (...data: object[]): ScriptedAnswer => ({ json: { object: 'list', data } })

describe('ComfyUI', () => {
  it('is known by its nodes, with what it can load', async () => {
    const { url } = await started(startFakeComfy({ textEncoders: ['clip_l.safetensors', 't5xxl_fp16.safetensors'] }))
    const found = await identify(url)
    expect(found?.engine?.name).toBe('comfyui')
    expect(found?.server).toBe('ComfyUI 0.3.64 on cpu')
    // Of the diffusion models, only one has its text encoders.
    expect(found?.models.map(({ servedAs }) => servedAs)).toEqual([
      'sd15.safetensors',
      'xl/juggernautXL.safetensors',
      'sd15-inpainting.safetensors',
      'flux1-dev.safetensors'
    ])
    expect(found?.models[1]!.name).toBe('juggernautXL')
  })

  it('offers no file of films, sound or second passes', async () => {
    const checkpoints = [
      'svd_xt.safetensors',
      'ltx-video-2b.safetensors',
      'sd_xl_refiner_1.0.safetensors',
      'wan-lora.safetensors'
    ]
    const { url } = await started(startFakeComfy({ checkpoints, diffusionModels: ['wan2.1_t2v_1.3B.safetensors'] }))
    expect((await identify(url))?.models.map(({ servedAs }) => servedAs)).toEqual(['wan-lora.safetensors'])
  })

  it('is not what only imitates a part of it', async () => {
    const { url } = await scripted({
      'GET /system_stats': { json: { system: { comfyui_version: '0.3' }, devices: [] } },
      'GET /object_info/KSampler': { json: {} },
      'GET /sdapi/v1/options': { json: { sd_model_checkpoint: 'x', samples_format: 'png' } },
      'GET /sdapi/v1/sd-models': { json: [{ title: 'x', model_name: 'x' }] },
      'GET /v1/models': list({ id: 'koboldcpp/x', owned_by: 'koboldcpp' })
    })
    expect(await identify(url)).toMatchObject({ engine: { name: 'automatic1111' }, server: 'KoboldCpp' })
  })
})

describe('AUTOMATIC1111 and its kin', () => {
  const fake = (options: FakeSdapiOptions) => started(startFakeSdapi(options))

  it('are known with their checkpoints, and what can be done with these', async () => {
    const checkpoints = [
      { file: 'dream.safetensors', hash: '0123456789' },
      { file: 'xl/night.ckpt' },
      { file: 'sd_xl_refiner.safetensors' }
    ]
    const { url } = await fake({ checkpoints })
    const found = await identify(url)
    expect(found).toMatchObject({ engine: { name: 'automatic1111' }, server: 'stable-diffusion-webui' })
    expect(found?.models).toEqual([
      {
        servedAs: 'dream.safetensors',
        name: 'dream',
        features: ['generate', 'edit', 'mask', 'negative_prompt', 'seed', 'preview']
      },
      expect.objectContaining({ servedAs: 'xl/night.ckpt', name: 'night' })
    ])
    expect(found?.note).toBeUndefined()
  })

  it.each([
    ['koboldcpp', ['generate', 'edit', 'mask', 'negative_prompt', 'seed']],
    ['drawthings', ['generate', 'edit', 'negative_prompt', 'seed']]
  ] as const)('promise no previews as %s', async (profile, features) => {
    const { url } = await fake({ profile })
    expect((await identify(url))?.models[0]!.features).toEqual(features)
  })

  it('say what is missing: a password, their API, a model', async () => {
    const locked = await fake({ auth: 'me:secret' })
    expect((await identify(locked.url))?.note).toContain('user name and a password')
    expect((await identify(locked.url.replace('//', '//me:secret@')))?.models).toHaveLength(1)
    const pageAlone = await scripted({
      'GET /': { html: '<title>Stable Diffusion</title><script>gradio_config</script>' }
    })
    expect((await identify(pageAlone.url))?.note).toContain('--api')
    const empty = await fake({ checkpoints: [{ file: 'svd.safetensors' }] })
    expect((await identify(empty.url))?.note).toContain('no model')
  })
})

describe('stable-diffusion.cpp', () => {
  it('is driven by its own API where it has that, with the one model that it runs', async () => {
    const { url } = await started(startFakeSdcpp({ model: 'flux1-schnell-q4_0.gguf' }))
    expect(await identify(url)).toEqual({
      engine: expect.objectContaining({ name: 'sdcpp' }),
      server: 'stable-diffusion.cpp',
      models: [
        {
          servedAs: 'flux1-schnell-q4_0.gguf',
          name: 'flux1-schnell-q4_0',
          features: ['generate', 'edit', 'mask', 'negative_prompt', 'seed']
        }
      ]
    })
  })

  it('is driven by the API of OpenAI where it is older', async () => {
    const { url } = await started(startFakeSdcpp({ isOld: true }))
    expect(await identify(url)).toMatchObject({ engine: { name: 'openai' }, options: { profile: 'sd-server' } })
  })

  it('makes no images with a model for videos', async () => {
    const { url } = await started(startFakeSdcpp({ videosOnly: true }))
    expect(await identify(url)).toMatchObject({ models: [], note: expect.stringContaining('videos') })
  })
})

describe('servers with the API of OpenAI', () => {
  it('are unsure as long as nothing says that they make images', async () => {
    const { url } = await started(startFakeOpenAIServer({ knownModels: ['flux-dev', 'llama-3'] }))
    expect(await identify(url)).toMatchObject({
      engine: { name: 'openai' },
      models: [{ servedAs: 'flux-dev' }],
      isUnsure: true,
      note: 'Whether it makes images is not known.'
    })
  })

  it('are asked with their key, and ask for it', async () => {
    const { url } = await started(startFakeOpenAIServer({ requiredApiKey: 'sk-right', knownModels: ['sdxl'] }))
    expect(await identify(url)).toMatchObject({ models: [], note: expect.stringContaining('key') })
    expect(await identify(url, { apiKey: 'sk-right', engine: 'openai' })).toMatchObject({
      models: [{ servedAs: 'sdxl' }]
    })
  })

  it('are of no known kind where they answer everything with success', async () => {
    const { url } = await scripted({ 'GET /v1/models': list({ id: 'sdxl' }), '*': { json: 'OK' } })
    expect(await identify(url)).toMatchObject({ server: 'OpenAI-compatible server' })
  })

  const hasRoute = { 'GET /v1/images/generations': { status: 405 } }
  it.each<[string, Record<string, ScriptedAnswer>, object]>([
    [
      'stable-diffusion.cpp',
      {
        'GET /v1/models': list({ id: 'sd-cpp-local', owned_by: 'local' }),
        'GET /sdapi/v1/options': { json: { sd_model_checkpoint: 'x' } },
        'GET /sdapi/v1/sd-models': { json: [{ title: 'flux1.gguf', model_name: 'flux1' }] }
      },
      { models: [{ servedAs: 'sd-cpp-local', name: 'flux1' }], options: { profile: 'sd-server' } }
    ],
    [
      'Lemonade',
      {
        'GET /v1/health': { json: { status: 'ok', model_loaded: null } },
        'GET /v1/models': list({ id: 'SD-Turbo', recipe: 'sd-cpp' }, { id: 'Qwen3', recipe: 'llamacpp' })
      },
      { models: [{ servedAs: 'SD-Turbo' }], options: { profile: 'lemonade' } }
    ],
    [
      'LocalAI',
      {
        'GET /system': { json: { backends: ['stablediffusion-ggml'], loaded_models: [] } },
        'GET /v1/models': list({ id: 'gpt-4' }, { id: 'stablediffusion' }, { id: 'flux.1-dev' }),
        ...hasRoute
      },
      { models: [{ servedAs: 'stablediffusion' }, { servedAs: 'flux.1-dev' }], options: { profile: 'localai' } }
    ],
    [
      'vLLM-Omni',
      { 'GET /v1/models': list({ id: 'Qwen/Qwen-Image', owned_by: 'vllm' }), ...hasRoute },
      { models: [{ servedAs: 'Qwen/Qwen-Image' }] }
    ],
    [
      'SGLang',
      { 'GET /v1/models': list({ id: 'x', owned_by: 'sglang' }), ...hasRoute },
      { models: [{ servedAs: 'x' }] }
    ],
    [
      'llama-swap',
      { 'GET /running': { json: { running: [] } }, 'GET /v1/models': list({ id: 'sdxl-turbo' }), ...hasRoute },
      { models: [{ servedAs: 'sdxl-turbo' }], options: { profile: 'llama-swap' } }
    ],
    [
      'LiteLLM',
      { 'GET /health/liveliness': { json: "I'm alive!" }, 'GET /v1/models': list({ id: 'gpt-image-1' }), ...hasRoute },
      { models: [{ servedAs: 'gpt-image-1' }], options: { profile: 'litellm' } }
    ]
  ])('is %s', async (server, script, expected) => {
    const found = await identify((await scripted(script)).url)
    expect(found).toMatchObject({ engine: { name: 'openai' }, server, ...expected })
    expect(found).not.toHaveProperty('isUnsure')
  })
})

describe('SwarmUI', () => {
  it('is known by its sessions, with the models that make images', async () => {
    const models = [
      { name: 'xl/dream.safetensors', kind: 'stable-diffusion-xl-v1', side: 1024, loaded: true },
      { name: 'hunyuan.safetensors', kind: 'hunyuan-video', side: 960, loaded: false },
      { name: 'wan2.1.safetensors', kind: 'wan-21-14b', side: 640, loaded: false }
    ]
    const { url } = await started(startFakeSwarm({ models }))
    const found = await identify(url)
    expect(found?.engine?.name).toBe('swarmui')
    expect(found?.server).toBe('SwarmUI 0.9.8.2.GIT-062407c7')
    expect(found?.models).toEqual([{ servedAs: 'xl/dream.safetensors', name: 'dream' }])
  })

  it('takes the key as a token of an account, and says that it wants one', async () => {
    const { url } = await started(startFakeSwarm({ token: 'abc.def.ghi' }))
    expect((await identify(url))?.note).toMatch(/^It wants an account/)
    expect((await identify(url, { apiKey: 'abc.def.ghi' }))?.models).toHaveLength(3)
  })

  it('without a model for images says so', async () => {
    const { url } = await started(startFakeSwarm({ models: [] }))
    expect((await identify(url))?.note).toBe('It lists no model that makes images.')
  })
})

describe('InvokeAI', () => {
  it('is known by its version, with the models that are driven', async () => {
    const { url } = await started(startFakeInvoke())
    const found = await identify(url)
    expect(found?.engine?.name).toBe('invokeai')
    expect(found?.server).toBe('InvokeAI 6.14.2')
    expect(found?.models.map(({ servedAs }) => servedAs)).toEqual([
      'fake-image',
      'juggernaut',
      'flux-dev',
      'schnell',
      // Of the same name.
      'key-of-first',
      'key-of-second'
    ])
  })

  it('says that it wants an account, or has no model', async () => {
    const locked = await started(startFakeInvoke({ account: { email: 'jo@example.com', password: 'x' } }))
    expect((await identify(locked.url))?.note).toMatch(/^It wants an account/)
    expect((await identify(locked.url, { apiKey: 'jo@example.com:y' }))?.note).toMatch(/^It wants an account/)
    expect((await identify(locked.url, { apiKey: 'jo@example.com:x' }))?.models).toHaveLength(6)
    const empty = await started(startFakeInvoke({ models: [] }))
    expect((await identify(empty.url))?.note).toBe('It has no model of SD 1.5, SDXL or Flux.')
  })
})

describe('what no engine drives', () => {
  it.each<[string, Record<string, ScriptedAnswer>]>([
    [
      'Ollama',
      {
        'GET /': { html: 'Ollama is running' },
        'GET /api/version': { json: { version: '0.32' } },
        'GET /v1/models': list({ id: 'sd-chat' })
      }
    ],
    [
      'LM Studio',
      {
        'GET /api/v0/models': { json: { data: [] } },
        'GET /v1/models': list({ id: 'flux-llm', owned_by: 'organization_owner' })
      }
    ],
    ['llama.cpp', { 'GET /v1/models': list({ id: 'image-captioner', owned_by: 'llamacpp' }) }]
  ])('is named: %s', async (server, script) => {
    const found = await identify((await scripted(script)).url)
    expect(found).toMatchObject({ server, models: [], note: expect.any(String) })
    expect(found?.engine).toBeUndefined()
  })

  it('is a gateway of this product', async () => {
    const { url } = await started(startTestGateway())
    expect(await identify(url)).toMatchObject({ server: 'inference.club', note: expect.stringContaining('gateway') })
  })
})

describe('a key', () => {
  const ACCOUNT = 'jo@example.com:correct horse'
  /** Everything that a server was told. */
  const told = ({ headers, bodies }: { headers: object[]; bodies: string[] }) => JSON.stringify([headers, bodies])
  const locked: Record<string, ScriptedAnswer> = { '*': { status: 401, json: { error: 'no' } } }

  it.each([
    ['an account of InvokeAI', 'invokeai', ACCOUNT],
    ['a token of InvokeAI', 'invokeai', 'eyJhbGciOi.a.b'],
    ['a token of SwarmUI', 'swarmui', 'SwarmTokenOfMine'],
    ['one of an engine that there is not', 'invok', ACCOUNT],
    ['one of no engine', undefined, ACCOUNT]
  ])('that is %s goes to no other server', async (_what, engine, apiKey) => {
    const others: Record<string, ScriptedAnswer>[] = [
      locked,
      { '*': { json: {} } },
      { 'GET /v1/models': list({ id: 'flux' }), 'GET /v1/images/generations': { status: 405 } },
      // One half of what InvokeAI is known by.
      { 'GET /api/v2/models/': { status: 401, json: {} } }
    ]
    for (const script of others) {
      const server = await started(startScriptedServer(script))
      await identify(server.url, { apiKey, ...(engine !== undefined && { engine }) })
      expect(server.calls.length).toBeGreaterThan(5)
      for (const part of apiKey.split(':')) expect(told(server)).not.toContain(part)
    }
  })

  it('goes to nobody who does not ask for one', async () => {
    const server = await started(
      startScriptedServer({ 'GET /v1/models': list({ id: 'flux' }), 'GET /v1/images/generations': { status: 405 } })
    )
    expect((await identify(server.url, { apiKey: 'sk-secret', engine: 'openai' }))?.models).toHaveLength(1)
    expect(told(server)).not.toContain('sk-secret')
  })

  it.each(['openai', 'comfyui', 'automatic1111', 'sdcpp'])(
    'of %s goes as a bearer to what is locked',
    async (engine) => {
      const server = await started(startScriptedServer(locked))
      await identify(server.url, { apiKey: 'sk-secret', engine })
      const sent = server.headers.map(({ authorization }) => authorization)
      expect(sent[0]).toBeUndefined()
      expect(sent).toContain('Bearer sk-secret')
    }
  )

  it('that is a token lets in to InvokeAI', async () => {
    const server = await started(
      startScriptedServer({
        'GET /api/v1/app/version': { json: { version: '6.14.2' } },
        'GET /api/v2/models/': { status: 401, json: {} }
      })
    )
    await identify(server.url, { apiKey: 'eyJhbGciOi.a.b', engine: 'invokeai' })
    const withKey = server.calls.filter((_call, index) => server.headers[index]?.authorization !== undefined)
    expect(withKey).toEqual(['GET /api/v2/models/'])
  })
})

describe('hostile and broken servers', () => {
  it.each<[string, ScriptedAnswer]>([
    ['pages', { html: '<html><title>hi</title></html>' }],
    ['lists where objects belong', { json: [[], null, 3] }],
    ['members of other kinds', { json: { data: 7, system: 'x', devices: {}, paths: [], session_id: {}, version: [] } }],
    ['nothing but errors', { status: 500, json: { error: 'x' } }]
  ])('are nothing that is known: %s', async (_name, all) => {
    const { url } = await scripted({ '*': all })
    expect(await identifyServer({ url })).toMatchObject({ contact: 'answers', result: [] })
  })

  it('that never end are left', async () => {
    const { url } = await scripted({ '*': 'endless' })
    const began = performance.now()
    expect((await identifyServer({ url })).result).toEqual([])
    expect(performance.now() - began).toBeLessThan(8000)
  })

  it.each([
    [0, 'SGLang'],
    [1, undefined]
  ])('are read to a bound (with %d bytes more: %s)', async (more, server) => {
    const models = { data: [{ id: 'x', owned_by: 'sglang' }], pad: '' }
    models.pad = ' '.repeat(4 * 1024 ** 2 + more - JSON.stringify(models).length)
    const { url } = await scripted({
      'GET /v1/models': { json: models },
      'GET /v1/images/generations': { status: 405 }
    })
    expect((await identify(url))?.server).toBe(server)
  })

  it('that never answer are told from what is not there', async () => {
    const { url } = await scripted({ '*': 'silent' })
    expect(await identifyServer({ url })).toEqual({ contact: 'silent', result: [] })
    expect(await identifyServer({ url: `http://127.0.0.1:${await freePort()}` })).toEqual({
      contact: 'none',
      result: []
    })
  })

  it('lead nobody elsewhere', async () => {
    const elsewhere = await started(startFakeComfy())
    const { url } = await scripted({ '*': { status: 302, location: `${elsewhere.url}/system_stats` } })
    expect((await identifyServer({ url, apiKey: 'sk-secret', engine: 'openai' })).result).toEqual([])
    expect(elsewhere.calls).toEqual([])
  })
})

it('comes to an end with a key that no header can have', async () => {
  const server = await startFakeOpenAIServer({ requiredApiKey: 'sk-upstream', knownModels: ['flux-dev'] })
  const { result } = await identifyServer({ url: server.url, apiKey: 'sk-up\u0007stream', engine: 'openai' })
  expect(result).toEqual([])
  await server.close()
})
