import { DallEAPIWrapper } from '@langchain/openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClientClub, MODELS, openClub } from './open-club.ts'

let club: ClientClub

beforeAll(async () => {
  club = await openClub()
})
afterAll(() => club.close())

const tool = (apiKey: string, model: string) => new DallEAPIWrapper({ apiKey, model, baseUrl: club.baseUrl })

it('generates, and gives the URL', async () => {
  const { key } = await club.addUser()
  expect(await tool(key, MODELS.demo).invoke('a red fox')).toMatch(/^http.*\/api\/inference\/assets\/ast_/)
})

it('throws for a model that is not there', async () => {
  const { key } = await club.addUser()
  await expect(tool(key, 'nothing').invoke('a red fox')).rejects.toThrow(/No online image provider serves 'nothing'/)
})

it('asks for failing work once', async () => {
  const user = await club.addUser()
  await expect(tool(user.key, MODELS.failing).invoke('a red fox')).rejects.toThrow(/502/)
  expect(await club.requestsOf(user)).toHaveLength(1)
})
