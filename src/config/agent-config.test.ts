import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ENGINES, ENV, GOOD, HEAD, KEY, loadText, mistakesOf } from '../../tests/support/agent-file.ts'
import { FEATURES } from '../images/image-request.ts'
import { PROTOCOL_VERSION, readAgentMessage } from '../protocol/messages.ts'
import { readAgentConfigFile } from './agent-config.ts'
import { ConfigError } from './config.ts'

const serviceOf = (more: string, env?: NodeJS.ProcessEnv) => loadText(GOOD + more, env).services[0]!

describe('the example of the documentation', () => {
  it('is read whole', () => {
    const text = `
gateway: https://club.example.org/
api_key: \${INFERENCE_CLUB_API_KEY}      # \${…} takes environment variables
name: home-rig                          # with the owner it is the provider's identity
services:
  - name: comfy                         # required
    type: image                         # required
    engine: comfyui
    url: http://127.0.0.1:8188          # required but for demo
    api_key: \${UPSTREAM_KEY}            # of the image server itself, if it wants one
    concurrency: 2
    prefetch: 3
    timeout: 5m
    access: members                     # default members | private | [a@example.org, …]
    models:
      - id: sdxl                        # required: what callers ask for
        served_as: sd_xl_base_1.0.safetensors   # default: the id
        features: [generate, edit, mask, preview]   # default [generate]
`
    expect(loadText(text)).toEqual({
      gateway: 'https://club.example.org',
      apiKey: KEY,
      name: 'home-rig',
      folder: '.',
      services: [
        {
          name: 'comfy',
          type: 'image',
          engine: 'comfyui',
          url: 'http://127.0.0.1:8188',
          apiKey: 'sk-upstream-secret',
          concurrency: 2,
          prefetch: 3,
          queueAheadMs: 2000,
          timeoutMs: 300_000,
          access: 'members',
          models: [
            { id: 'sdxl', servedAs: 'sd_xl_base_1.0.safetensors', features: ['generate', 'edit', 'mask', 'preview'] }
          ],
          options: {}
        }
      ]
    })
  })

  it('is free of mistakes in docs/agent.md', async () => {
    const page = await readFile(new URL('../../docs/agent.md', import.meta.url), 'utf8')
    const example = /```yaml\n(.*?)```/s.exec(page)![1]!
    expect(loadText(example).services.map(({ engine }) => engine)).toEqual(['openai', 'demo'])
  })
})

describe('what is left out', () => {
  it('has its default', () => {
    expect(serviceOf('')).toEqual({
      name: 'comfy',
      type: 'image',
      engine: 'comfyui',
      url: 'http://127.0.0.1:8188',
      concurrency: 1,
      prefetch: 1,
      queueAheadMs: 2000,
      timeoutMs: 240_000,
      access: 'members',
      models: [{ id: 'sdxl', servedAs: 'sdxl', features: ['generate'] }],
      options: {}
    })
  })

  it('is the memory for source images, which is as the agent has it', () => {
    expect(loadText(GOOD)).not.toHaveProperty('sourceMemoryBytes')
    expect(['1MiB', '1024GiB', '1048576'].map((size) => loadText(`${GOOD}source_memory: ${size}\n`))).toMatchObject([
      { sourceMemoryBytes: 1024 ** 2 },
      { sourceMemoryBytes: 1024 ** 4 },
      { sourceMemoryBytes: 1024 ** 2 }
    ])
  })

  it('is no option of a model', () => {
    expect(serviceOf('        options: {steps: 4, loras: [a]}\n').models[0]!.options).toEqual({
      steps: 4,
      loras: ['a']
    })
  })

  it('is the same as what is left blank', () => {
    const blank =
      '        served_as:\n        features:\n    access:\n    timeout: ""\n    concurrency: ~\n    options:\n'
    expect(serviceOf(`${blank}    api_key: \${EMPTY}\n    description:\n`)).toEqual(serviceOf(''))
  })

  it('is everything the demo can for the demo, which needs no url', () => {
    const { services } = loadText(`${HEAD}  - {name: d, type: image, engine: demo, models: [{id: demo}]}\n`)
    expect(services[0]!.models[0]!.features).toEqual([...FEATURES])
    expect(services[0]).not.toHaveProperty('url')
  })

  it('is all but name and type in a service of another type', () => {
    expect(loadText(`${HEAD}  - name: chat\n    type: llm\n`).services).toEqual([
      {
        name: 'chat',
        type: 'llm',
        concurrency: 1,
        prefetch: 1,
        timeoutMs: 240_000,
        access: 'members',
        models: [],
        options: {}
      }
    ])
  })
})

describe('values', () => {
  it.each([
    ['0s', 0],
    ['500ms', 500],
    ['60s', 60_000]
  ])('of queue_ahead may be %s, where the engine drives a server with a queue', (text, ms) => {
    expect(serviceOf(`    queue_ahead: ${text}\n`).queueAheadMs).toBe(ms)
    const openai = `${HEAD}  - {name: o, type: image, engine: openai, url: "http://127.0.0.1:1", models: [{id: m}]}\n`
    expect(loadText(openai).services[0]).not.toHaveProperty('queueAheadMs')
    expect(mistakesOf(openai.replace('models:', `queue_ahead: ${text}, models:`))).toEqual([
      expect.stringContaining('queue_ahead does nothing with the engine openai')
    ])
  })

  it('of access may be a word or addresses', () => {
    expect(serviceOf('    access: private\n').access).toBe('private')
    expect(serviceOf('    access: [a@example.org, b@example.org]\n').access).toEqual(['a@example.org', 'b@example.org'])
  })

  it('of options reach the engine as they are, with variables', () => {
    const options =
      '    options:\n      mask: white-edit\n      steps: 4\n      nested: {list: [1, "${UPSTREAM_KEY}"]}\n'
    expect(serviceOf(options).options).toEqual({
      mask: 'white-edit',
      steps: 4,
      nested: { list: [1, 'sk-upstream-secret'] }
    })
  })

  it.each([
    ['extras: any', { extras: 'any' }],
    ['extras: []', { extras: [] }],
    [`extras: [${'x'.repeat(100)}, lora]`, { extras: ['x'.repeat(100), 'lora'] }],
    ['found_models: show', { foundModels: 'show' }],
    ['found_models: hide', { foundModels: 'hide' }],
    ['warm_models: false', { warmModels: false }],
    ['max_pixels: 4MP', { maxPixels: 4_000_000 }],
    ['max_pixels: 4096', { maxPixels: 4096 }],
    ['max_pixels: 16384x16384', { maxPixels: 268_435_456 }],
    ['multiple_of: 1', { multipleOf: 1 }],
    ['multiple_of: 512', { multipleOf: 512 }],
    ['keep_metadata: true', { keepMetadata: true }]
  ])('%s', (written, read) => {
    expect(serviceOf(`    ${written}\n`)).toMatchObject(read)
  })

  it('of headers are kept by lower-case names, up to their bounds', () => {
    const many = Array.from({ length: 18 }, (_, n) => `x-${n}: v`).join()
    const headers = `{Api-Key: "\${UPSTREAM_KEY}", x-long: ${'v'.repeat(4000)}, x-blank: , ${many}}`
    const read = serviceOf(`    headers: ${headers.replace('x-blank: , ', '')}\n`).headers!
    expect(read).toMatchObject({ 'api-key': 'sk-upstream-secret', 'x-17': 'v' })
    expect(Object.keys(read)).toHaveLength(20)
    expect(serviceOf('    headers:\n      Authorization: Token x\n      x-b:\n').headers).toEqual({
      authorization: 'Token x'
    })
  })

  it.each([
    ['1', 1],
    ['1000', 1000],
    ['${N}', 8]
  ])('concurrency: %s is %i', (written, value) => {
    expect(serviceOf(`    concurrency: ${written}\n`, { ...ENV, N: '8' }).concurrency).toBe(value)
  })

  it.each([
    ['1s', 1000],
    ['1000ms', 1000],
    ['24h', 86_400_000],
    ['1d', 86_400_000]
  ])('timeout: %s is %i ms', (written, value) => {
    expect(serviceOf(`    timeout: ${written}\n`).timeoutMs).toBe(value)
  })

  it.each(['https://club.example.org///', 'http://localhost:8080', 'http://host/club/'])('gateway: %s', (gateway) => {
    expect(loadText(GOOD.replace('https://club.example.org', gateway)).gateway).toBe(gateway.replace(/\/+$/, ''))
  })

  it('may be repeated with anchors', () => {
    const more = '        features: &all [generate, edit]\n      - id: second\n        features: *all\n'
    expect(serviceOf(more).models.map(({ features }) => features)).toEqual([
      ['generate', 'edit'],
      ['generate', 'edit']
    ])
  })

  it('at their longest are accepted by the gateway', () => {
    const models = Array.from({ length: 500 }, (_, index) => `{id: ${String(index).padStart(200, 'm')}}`)
    const emails = Array.from({ length: 1000 }, (_, index) => `${String(index).padStart(314, 'e')}@x.org`)
    const [name, type] = ['n'.repeat(100), 't'.repeat(40)]
    const service = `{name: ${name}, type: ${type}, engine: ${type}, description: ${'d'.repeat(1000)}, concurrency: 1000, timeout: 24h`
    const [read] = loadText(`${HEAD}  - ${service}, access: [${emails.join()}], models: [${models.join()}]}\n`).services
    const { timeoutMs, engine, description, concurrency, access } = read!
    const hello = {
      type: 'agent.hello',
      protocol: PROTOCOL_VERSION,
      name,
      agent_version: '1',
      attempts: [],
      services: [
        {
          ...{ name, type, engine, description, concurrency, access, timeout_ms: timeoutMs },
          models: read!.models.map(({ id, features }) => ({ id, features }))
        }
      ]
    }
    expect(read!.models).toHaveLength(500)
    expect(readAgentMessage(JSON.stringify(hello)).message).toEqual(hello)
  })
})

describe('environment variables', () => {
  const nameOf = (written: string, env: NodeJS.ProcessEnv) =>
    loadText(
      GOOD.replace('home-rig', () => written),
      { ...ENV, ...env }
    ).name

  it.each([
    ['${HOST}', { HOST: 'rig' }, 'rig'],
    ['a-${HOST}-${HOST}', { HOST: 'rig' }, 'a-rig-rig'],
    ['"${HOST}"', { HOST: 'rig' }, 'rig'],
    ['${HOST:-spare}', {}, 'spare'],
    ['${HOST:-spare}', { HOST: '' }, 'spare'],
    ['${HOST:-spare}', { HOST: 'rig' }, 'rig'],
    ['x${HOST:-}', {}, 'x'],
    ['$${HOST}', { HOST: 'rig' }, '${HOST}'],
    ['$HOST', { HOST: 'rig' }, '$HOST'],
    ['${HOST}', { HOST: '${OTHER}' }, '${OTHER}']
  ])('%s with %j is %s', (written, env, value) => {
    expect(nameOf(written, env)).toBe(value)
  })

  it('cannot bring structure with them', () => {
    const text = 'x\nservices: []\n# "'
    expect(nameOf('${HOST}', { HOST: text })).toBe(text)
  })

  it('are not looked for in keys', () => {
    expect(serviceOf('    options: {"${NOBODY}": 1}\n').options).toEqual({ '${NOBODY}': 1 })
  })
})

describe('readAgentConfigFile', () => {
  it('reads the file, and says when there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agent-config-'))
    const path = join(folder, 'agent.yaml')
    const read = () => readAgentConfigFile({ path, env: ENV, engines: ENGINES })
    try {
      await expect(read()).rejects.toThrow(new ConfigError([`${path}: there is no such file`]))
      await writeFile(path, GOOD)
      await expect(read()).resolves.toEqual({ ...loadText(GOOD), folder })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
