import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeOpenAIOptions, type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let user: TestUser
let server: FakeOpenAIServer
beforeEach(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
})
afterEach(async () => {
  await gateway.close()
  await server.close()
})

/** An agent whose image server takes these fields alone. */
async function serve(options: FakeOpenAIOptions, servedAs = 'fake-image'): Promise<void> {
  server = await startFakeOpenAIServer({ defaultSize: { width: 64, height: 64 }, ...options })
  const model = { id: 'paint', servedAs, features: ['generate' as const, 'edit' as const] }
  await gateway.addAgent({ key: user.key, services: [{ engine: 'openai', url: server.url, models: [model] }] })
}

async function generate(fields: Record<string, unknown> = {}) {
  const json = { model: 'paint', prompt: 'a fox', ...fields }
  const response = await gateway.call('/v1/images/generations', { key: user.key, json })
  return { status: response.status, body: (await response.json()) as Answer }
}

interface Answer {
  request_id: string
  data: { seed: number | null }[]
  size: string
  warnings?: string[]
  error?: { type: string; param: string | null; message: string }
}

const STRICT = ['model', 'prompt', 'n', 'size', 'quality']

describe('a strict image server', () => {
  it('is sent nothing that nobody asked for, and the answer claims no seed', async () => {
    await serve({ knownFields: STRICT })
    const first = await generate()
    expect(first).toMatchObject({ status: 200, body: { data: [{ seed: null }] } })
    expect(first.body.warnings).toBeUndefined()
    expect(server.requests).toHaveLength(3)
    expect((await generate({ quality: 'low' })).body.data[0]!.seed).toBeNull()
    expect(server.requests).toHaveLength(4)
    const detail = await gateway.call(`/v1/jobs/${first.body.request_id}`, { key: user.key })
    expect(await detail.json()).toMatchObject({ result: { data: [{ seed: null }] } })
  })

  it('that refuses what the caller sent gives an error that names the field', async () => {
    await serve({ knownFields: STRICT })
    const { status, body } = await generate({ seed: 7 })
    const message = expect.stringMatching(/ says: “Unknown parameter: 'seed'\.”$/) as string
    const error = { type: 'invalid_request', param: 'seed', message }
    expect({ status, body }).toMatchObject({ status: 400, body: { error } })
    expect(server.requests).toHaveLength(1)

    const accepted = await gateway.call('/v1/images/generations', {
      key: user.key,
      json: { model: 'paint', prompt: 'a fox', steps: 3, async: true }
    })
    const { id } = (await accepted.json()) as { id: string }
    await gateway.drain()
    const job = await gateway.call(`/v1/jobs/${id}`, { key: user.key })
    expect(await job.json()).toMatchObject({ status: 'FAILED', error: { type: 'invalid_request', param: 'steps' } })
  })
})

describe("OpenAI's own models behind a proxy", () => {
  it.each(['gpt-image-1', 'openai/gpt-image-1'])('%s take no seed, and a caller who gave one is told', async (name) => {
    await serve({}, name)
    expect((await generate()).body).not.toHaveProperty('warnings')
    expect((await generate({ seed: 7 })).body).toMatchObject({
      data: [{ seed: null }],
      warnings: [expect.stringContaining('The model takes no seed: the one you gave was not used.')]
    })
    expect(server.requests.map(({ json }) => Object.keys(json!))).toEqual([
      ['model', 'prompt', 'n'],
      ['model', 'prompt', 'n']
    ])
  })
})

it('a seed that was sent is told, whether it was drawn or given', async () => {
  await serve({})
  const drawn = (await generate()).body.data[0]!.seed
  expect(drawn).toBe(server.requests[0]!.json!.seed)
  expect((await generate({ seed: 7 })).body.data[0]!.seed).toBe(7)
})

describe('an edit of a photo without a size', () => {
  const edit = async () => {
    const photo = await sharp({ create: { width: 1023, height: 767, channels: 3, background: '#246' } })
      .png()
      .toBuffer()
    const form = new FormData()
    for (const [name, value] of [
      ['model', 'paint'],
      ['prompt', 'make it autumn']
    ] as const) {
      form.append(name, value)
    }
    form.append('image', new File([new Uint8Array(photo)], 'photo.png', { type: 'image/png' }))
    const response = await gateway.call('/v1/images/edits', { key: user.key, method: 'POST', body: form })
    return (await response.json()) as Answer
  }
  const said = (text: string): unknown => expect.stringMatching(new RegExp(`^\\S+ says: “${text}”$`))
  const CHOSEN = said('The image is 1023x767; without a size, the image server was asked for 1024x768.')

  it('asks for one that the server can make, and tells the one that it made', async () => {
    await serve({})
    expect(await edit()).toMatchObject({ size: '1024x768', warnings: [CHOSEN] })
    server.setBehaviour({ default: 'wrong_size' })
    expect(await edit()).toMatchObject({
      size: '40x24',
      warnings: [CHOSEN, said('The image server was asked for 1024x768 and delivered 40x24.')]
    })
  })

  it('asks for none where the server knows none', async () => {
    await serve({ knownFields: ['model', 'prompt'] })
    expect(await edit()).toMatchObject({ size: '1023x767', data: [{ seed: null }] })
    expect(server.requests.at(-1)!.form!.fields).toEqual({ model: 'fake-image', prompt: 'make it autumn' })
  })
})
