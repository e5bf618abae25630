import { compatOaiImageModelRef, defineCompatOpenAIImageModel, openAICompatible } from '@genkit-ai/compat-oai'
import { genkit } from 'genkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClientClub, MODELS, openClub } from './open-club.ts'

let club: ClientClub

beforeAll(async () => {
  club = await openClub()
})
afterAll(() => club.close())

/** A Genkit whose plugin `club` has image models of these names. */
const connect = (apiKey: string) =>
  genkit({
    plugins: [
      openAICompatible({
        name: 'club',
        apiKey,
        baseURL: club.baseUrl,
        initializer: async (client) =>
          [...Object.values(MODELS), 'nothing'].map((id) =>
            defineCompatOpenAIImageModel({
              name: `club/${id}`,
              client,
              pluginOptions: { name: 'club', apiKey },
              modelRef: compatOaiImageModelRef({ name: id, namespace: 'club' })
            })
          )
      })
    ]
  })

it('generates', async () => {
  const { key } = await club.addUser()
  const { media } = await connect(key).generate({ model: `club/${MODELS.demo}`, prompt: 'a red fox' })
  expect(media?.url).toMatch(/^(http.*\/api\/inference\/assets\/|data:image\/png;base64,)/)
})

it('throws for a model that is not there', async () => {
  const { key } = await club.addUser()
  const call = connect(key).generate({ model: 'club/nothing', prompt: 'a red fox' })
  await expect(call).rejects.toThrow(/No online image provider serves 'nothing'/)
})

it('asks for failing work once', async () => {
  const user = await club.addUser()
  const call = connect(user.key).generate({ model: `club/${MODELS.failing}`, prompt: 'a red fox' })
  await expect(call).rejects.toThrow(/./)
  expect(await club.requestsOf(user)).toHaveLength(1)
})
