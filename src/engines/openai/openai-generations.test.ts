import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { task, useOpenAIEngine } from '../../../tests/support/openai-engine.ts'
import { createOpenAIEngine } from './openai-engine.ts'

const world = useOpenAIEngine()
const { start, generate, failing } = world

describe('a generation', () => {
  it('that names LoRAs is made without them, which is told', async () => {
    await start()
    const image = await generate({ loras: [{ name: 'film', weight: 1 }] })
    expect(JSON.stringify(world.server.requests)).not.toContain('film')
    expect(image.warnings).toEqual(["'loras' is not supported by fake-image and was not sent."])
  })

  it('arrives unchanged, with fields that only the server knows', async () => {
    await start({}, { apiKey: 'k-1' })
    const prompt = ' "Füchse" \n im\r\nSchnee <lora:x:1> 🦊 '
    const image = await generate({
      prompt,
      size: { width: 48, height: 32 },
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
      extra: { num_inference_steps: 9, nested: { a: [1, null] }, n: 5, prompt: 'other', stream: true, model: 'x' }
    })
    expect(world.server.requests).toHaveLength(1)
    expect(world.server.requests[0]).toMatchObject({ method: 'POST', path: '/v1/images/generations' })
    expect(world.server.requests[0]!.headers).toMatchObject({
      authorization: 'Bearer k-1',
      'content-type': 'application/json'
    })
    expect(world.server.requests[0]!.json).toEqual({
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
    expect(Object.keys(world.server.requests[0]!.json!)).toEqual(['model', 'prompt', 'n', 'seed', 'response_format'])
    expect(world.server.requests[0]!.headers.authorization).toBeUndefined()
  })

  it.each(['', '/', '/v1', '/v1/'])('finds the API below a base URL that ends in %j', async (ending) => {
    await start()
    const other = createOpenAIEngine({ baseUrl: world.server.url + ending, maxImageBytes: 1_000_000 })
    await other.generate(task(), createTestRun())
    await other.close?.()
    expect(world.server.requests.map((request) => request.path)).toEqual(['/v1/images/generations'])
  })

  it('goes to a longer path with its query, as does all else', async () => {
    await start({ basePath: '/openai/deployments/pics' })
    const baseUrl = `${world.server.url}/openai/deployments/pics?api-version=1`
    const other = createOpenAIEngine({ baseUrl, maxImageBytes: 1_000_000 })
    await other.generate(task(), createTestRun())
    await other.describe(new AbortController().signal)
    await other.close?.()
    expect(world.server.requests.map((request) => request.path)).toEqual([
      '/openai/deployments/pics/images/generations?api-version=1',
      '/openai/deployments/pics/models?api-version=1'
    ])
  })

  it('signs in as the user of the address, whose password is told to nobody', async () => {
    await start()
    const baseUrl = world.server.url.replace('://', '://jo:s%65cret@')
    const other = createOpenAIEngine({ baseUrl, maxImageBytes: 1_000_000 })
    world.server.setBehaviour({
      default: { name: 'custom', status: 400, body: { error: 'jo secret am9vOnNlY3JldA== bad' } }
    })
    await expect(other.generate(task(), createTestRun())).rejects.toThrow(/^jo \[key\]/)
    await other.describe(new AbortController().signal)
    await other.close?.()
    const basic = `Basic ${Buffer.from('jo:secret').toString('base64')}`
    expect(world.server.requests.map((request) => request.headers.authorization)).toEqual([basic, basic])
  })

  it('and all else carries the headers of the service', async () => {
    await start({}, { headers: { 'x-gateway-key': 'gk-12345', authorization: 'Token t-1' } })
    world.server.setBehaviour({ default: 'ok_url' })
    await generate()
    await world.engine.describe(new AbortController().signal)
    expect(world.server.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
    for (const { headers } of world.server.requests) {
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
    expect(world.server.requests).toEqual([])
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
        negative_prompt: 'x',
        guidance_scale: 2,
        sampler: 's',
        quality: 'low'
      })
      expect(world.server.requests[0]!.json).toEqual({ model, prompt: 'a fox', n: 1, quality: 'low' })
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
    expect(world.server.requests.map((request) => request.json)).toEqual([
      { model: 'dall-e-3', prompt: 'a fox', n: 1, response_format: 'b64_json' }
    ])
    expect(image.warnings).toEqual([])
  })
})

it('keeps decodable bytes of a jpeg that was asked for', async () => {
  await start()
  const image = await generate({ output_format: 'jpeg' })
  expect((await sharp(await buffer(image.bytes)).metadata()).format).toBe('jpeg')
})
