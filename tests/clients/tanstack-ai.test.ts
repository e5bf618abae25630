import { generateImage } from '@tanstack/ai'
import { createOpenaiImage } from '@tanstack/ai-openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClientClub, MODELS, openClub, photo } from './open-club.ts'

let club: ClientClub

beforeAll(async () => {
  club = await openClub()
})
afterAll(() => club.close())

const adapter = (key: string, model: string) =>
  createOpenaiImage(model as typeof MODELS.base64, key, { baseURL: club.baseUrl })

it.each([MODELS.demo, MODELS.base64])('generates with %s', async (model) => {
  const { key } = await club.addUser()
  const { images } = await generateImage({ adapter: adapter(key, model), prompt: 'a red fox' })
  expect(images).toHaveLength(1)
  expect(images[0]?.b64Json ?? images[0]?.url).toMatch(/^(iVBOR|http)/)
})

it('edits', async () => {
  const { key } = await club.addUser()
  const source = { type: 'data' as const, value: (await photo()).toString('base64'), mimeType: 'image/png' }
  const { images } = await generateImage({
    adapter: adapter(key, MODELS.base64),
    prompt: [
      { type: 'text', content: 'in the snow' },
      { type: 'image', source }
    ]
  })
  expect(images[0]?.b64Json).toMatch(/^iVBOR/)
})

it('throws for a model that is not there', async () => {
  const { key } = await club.addUser()
  const call = generateImage({ adapter: adapter(key, 'nothing'), prompt: 'a red fox', debug: false })
  await expect(call).rejects.toThrow(/No online image provider serves 'nothing'/)
})

it('asks for failing work once', async () => {
  const user = await club.addUser()
  const call = generateImage({ adapter: adapter(user.key, MODELS.failing), prompt: 'a red fox', debug: false })
  await expect(call).rejects.toMatchObject({ status: 502 })
  expect(await club.requestsOf(user)).toHaveLength(1)
})
