import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { createOpenAICompatible as createOpenAICompatibleV6 } from '@ai-sdk/openai-compatible-v6'
import { createOpenAI as createOpenAIV6 } from '@ai-sdk/openai-v6'
import { generateImage } from 'ai'
import { generateImage as generateImageV6 } from 'ai-v6'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientClub, isPng, MODELS, openClub, photo } from './open-club.ts'

let club: ClientClub

beforeAll(async () => {
  club = await openClub()
})
afterAll(() => club.close())

type Generate = typeof generateImage
type Model = Parameters<Generate>[0]['model']

/** Each version has types of its own; the calls are the same. */
interface Version {
  generate: Generate
  /** The model of a provider for somebody's key. */
  model(id: string, apiKey: string): Model
}

const named = (apiKey: string) => ({ name: 'club', apiKey, baseURL: club.baseUrl })

const VERSIONS: Record<string, Version> = {
  'ai 6 with @ai-sdk/openai': {
    generate: generateImageV6 as unknown as Generate,
    model: (id, apiKey) => createOpenAIV6({ apiKey, baseURL: club.baseUrl }).image(id) as unknown as Model
  },
  'ai 7 with @ai-sdk/openai': {
    generate: generateImage,
    model: (id, apiKey) => createOpenAI({ apiKey, baseURL: club.baseUrl }).image(id)
  },
  'ai 6 with @ai-sdk/openai-compatible': {
    generate: generateImageV6 as unknown as Generate,
    model: (id, apiKey) => createOpenAICompatibleV6(named(apiKey)).imageModel(id) as unknown as Model
  },
  'ai 7 with @ai-sdk/openai-compatible': {
    generate: generateImage,
    model: (id, apiKey) => createOpenAICompatible(named(apiKey)).imageModel(id)
  }
}

describe.each(Object.entries(VERSIONS))('%s', (_name, { generate, model }) => {
  it.each([MODELS.demo, MODELS.base64])('generates with %s', async (id) => {
    const { key } = await club.addUser()
    const { images } = await generate({ model: model(id, key), prompt: 'a red fox', size: '256x256', n: 2 })
    expect(images).toHaveLength(2)
    expect(images.every(({ uint8Array }) => isPng(uint8Array))).toBe(true)
  })

  it('edits with any model where the key names base64', async () => {
    const { key } = await club.addUser({ responseDefault: 'b64_json' })
    const prompt = { text: 'in the snow', images: [await photo()] }
    const { image } = await generate({ model: model(MODELS.demo, key), prompt })
    expect(isPng(image.uint8Array)).toBe(true)
  })

  it('edits one image and several', async () => {
    const { key } = await club.addUser()
    for (const images of [[await photo()], [await photo(), await photo()]]) {
      const prompt = { text: 'in the snow', images }
      const { image } = await generate({ model: model(MODELS.base64, key), prompt })
      expect(isPng(image.uint8Array)).toBe(true)
    }
  })

  it('throws the message of a caller’s mistake', async () => {
    const { key } = await club.addUser()
    const call = generate({ model: model('nothing', key), prompt: 'a red fox' })
    await expect(call).rejects.toThrow(/No online image provider serves 'nothing'/)
  })

  // It decides by the status alone and does not know x-should-retry.
  it.each([
    ['told not to retry', { maxRetries: 0 }],
    ['given an Idempotency-Key', { headers: { 'Idempotency-Key': 'of this picture' } }]
  ])('asks for failing work once when it is %s', async (_how, settings) => {
    const user = await club.addUser()
    const call = generate({ model: model(MODELS.failing, user.key), prompt: 'a red fox', ...settings })
    await expect(call).rejects.toThrow(/./)
    expect(await club.requestsOf(user)).toHaveLength(1)
  })
})
