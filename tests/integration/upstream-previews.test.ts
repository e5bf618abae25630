import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let upstream: FakeOpenAIServer
let caller: TestUser

beforeAll(async () => {
  upstream = await startFakeOpenAIServer()
  gateway = await startTestGateway()
  caller = await gateway.addUser()
  const models = [{ id: 'streaming', servedAs: 'fake-image', features: ['generate' as const, 'preview' as const] }]
  const service = { name: 'streaming', engine: 'openai', url: upstream.url, options: { previews: 3 }, models }
  await gateway.addAgent({ key: caller.key, services: [service] })
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

it('reach a caller who streams, made small, before the image is there', async () => {
  const seen = Promise.withResolvers<void>()
  upstream.setBehaviour({ default: { name: 'stream', until: seen.promise } })
  const stream = await caller.client.images.generate({
    model: 'streaming',
    prompt: 'a fox',
    size: '1536x1024',
    stream: true,
    partial_images: 3
  })
  const events = []
  for await (const event of stream) {
    events.push(event)
    seen.resolve()
  }
  expect(events.map(({ type }) => type)).toEqual(['image_generation.partial_image', 'image_generation.completed'])
  const [preview, image] = events.map(({ b64_json }) => Buffer.from(b64_json, 'base64'))
  expect(await sharp(preview).metadata()).toMatchObject({ format: 'jpeg', width: 768, height: 512 })
  expect(await sharp(image).metadata()).toMatchObject({ format: 'png', width: 1536, height: 1024 })
  expect(upstream.requests.at(-1)!.json).toMatchObject({ stream: true, partial_images: 3 })
})
