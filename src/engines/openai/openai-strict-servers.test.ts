import { describe, expect, it } from 'vitest'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { type FakeOpenAIOptions } from '../../../tests/support/fake-openai-server.ts'
import { task, useOpenAIEngine } from '../../../tests/support/openai-engine.ts'
import type { ImageTask } from '../../images/image-request.ts'
import { createOpenAIEngine } from './openai-engine.ts'

const world = useOpenAIEngine()
const { start, generate } = world

describe('response_format', () => {
  it.each(['refuses_format_400', 'refuses_format_422'] as const)('is given up for good: %s', async (behaviour) => {
    await start()
    world.server.setBehaviour({ default: behaviour })
    await generate()
    await generate()
    expect(world.server.requests.map((request) => request.json?.response_format)).toEqual([
      'b64_json',
      undefined,
      undefined
    ])
  })

  it('is tried again when it was not the only thing refused', async () => {
    await start()
    world.server.setBehaviour({ queue: ['refuses_format_400', 'error_400'] })
    await expect(generate()).rejects.toMatchObject({ fault: 'bad_request' })
    await generate()
    expect(world.server.requests.map((request) => request.json?.response_format)).toEqual([
      'b64_json',
      undefined,
      'b64_json'
    ])
  })

  it('can be left out, or insisted on, by profile', async () => {
    await start({}, { profile: { responseFormat: 'omit' } })
    await generate()
    const insisting = createOpenAIEngine({
      baseUrl: world.server.url,
      maxImageBytes: 1_000_000,
      profile: { responseFormat: 'b64_json' }
    })
    await expect(insisting.generate(task({ model: 'gpt-image-1' }), createTestRun())).resolves.toBeDefined()
    await insisting.close?.()
    expect(world.server.requests.map((request) => request.json?.response_format)).toEqual([
      undefined,
      'b64_json',
      undefined
    ])
  })
})

describe('a strict server', () => {
  const KNOWN = ['model', 'prompt', 'size']
  const sentFields = () => world.server.requests.map(({ json }) => Object.keys(json!).slice(2))

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
    const image = await generate({ output_format: 'webp', output_compression: 50 })
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
    const refused = world.server.requests.filter(({ json }) => param in json!)
    expect(refused.length).toBe(world.server.requests.length)
    await expect(generate(asked)).rejects.toMatchObject({ param })
  })

  it('of one value is offered another one the next time', async () => {
    await start()
    const refusal = { error: { message: 'Seeds above 2^31 are invalid', param: 'seed', code: 'invalid_value' } }
    world.server.setBehaviour({ queue: [{ name: 'custom', status: 400, body: refusal }] })
    expect((await generate({ unasked: ['seed'] })).seed).toBeNull()
    expect((await generate({ unasked: ['seed'], seed: 5 })).seed).toBe(5)
    expect(world.server.requests.map(({ json }) => json!.seed)).toEqual([4_294_967_295, undefined, 5])
  })

  it('that refuses everything is given up', async () => {
    await start({ knownFields: ['model'] })
    await expect(generate({ unasked: ['seed'] })).rejects.toMatchObject({ fault: 'bad_request', param: 'prompt' })
    expect(world.server.requests).toHaveLength(1)
  })
})
