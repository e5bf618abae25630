import OpenAI7 from 'openai'
import OpenAI4 from 'openai-v4'
import OpenAI5 from 'openai-v5'
import OpenAI6 from 'openai-v6'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientClub, MODELS, openClub, photo } from './open-club.ts'

let club: ClientClub

beforeAll(async () => {
  club = await openClub()
})
afterAll(() => club.close())

// The four are alike in all that is used here; their types are not each other's.
const VERSIONS = { 4: OpenAI4, 5: OpenAI5, 6: OpenAI6, 7: OpenAI7 } as unknown as Record<string, typeof OpenAI7>

describe.each(Object.entries(VERSIONS))('openai %s', (_version, OpenAI) => {
  const connect = async () => {
    const user = await club.addUser()
    return { user, client: new OpenAI({ baseURL: club.baseUrl, apiKey: user.key }) }
  }
  const file = async () => new File([Uint8Array.from(await photo())], 'photo.png', { type: 'image/png' })

  it('generates', async () => {
    const { client } = await connect()
    const { data } = await client.images.generate({ model: MODELS.demo, prompt: 'a red fox', size: '256x256', n: 2 })
    expect(data).toHaveLength(2)
    expect(data?.[0]?.url).toMatch(/^http/)
  })

  it('generates with the model’s name of OpenAI alone, and finds base64', async () => {
    const { client } = await connect()
    const { data } = await client.images.generate({ model: MODELS.base64, prompt: 'a red fox' })
    expect(data?.[0]?.b64_json).toMatch(/^iVBOR/)
  })

  it('edits one image and several', async () => {
    const { client } = await connect()
    const fields = { model: MODELS.demo, prompt: 'in the snow' }
    const one = await client.images.edit({ ...fields, image: await file() })
    expect(one.data?.[0]?.url).toMatch(/^http/)
    const two = await client.images.edit({ ...fields, image: [await file(), await file()] as never })
    expect(two.data?.[0]?.url).toMatch(/^http/)
  })

  it('makes variations and lists models', async () => {
    const { client } = await connect()
    const { data } = await client.images.createVariation({ model: MODELS.demo, image: await file() })
    expect(data?.[0]?.url).toMatch(/^http/)
    const ids: string[] = []
    for await (const { id } of client.models.list()) ids.push(id)
    expect(ids.sort()).toEqual(Object.values(MODELS).sort())
  })

  it('throws its own error for a caller’s mistake', async () => {
    const { client } = await connect()
    const call = client.images.generate({ model: 'nothing', prompt: 'a red fox' })
    await expect(call).rejects.toThrow(OpenAI.NotFoundError)
    await expect(call).rejects.toMatchObject({ status: 404, code: 'no_provider', param: 'model' })
  })

  it('asks for failing work once', async () => {
    const { client, user } = await connect()
    const call = client.images.generate({ model: MODELS.failing, prompt: 'a red fox' })
    await expect(call).rejects.toMatchObject({ status: 502, code: 'upstream_error' })
    expect(await club.requestsOf(user)).toHaveLength(1)
  })
})
