import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { waitFor } from '../support/wait-for.ts'
import { type ClientClub, isPng, MODELS, openClub } from './open-club.ts'

let club: ClientClub
let portkey: ChildProcess
let url: string

beforeAll(async () => {
  club = await openClub()
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const program = fileURLToPath(new URL('node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url))
  portkey = spawn(process.execPath, [program, `--port=${port}`, '--headless'], { stdio: 'ignore' })
  await waitFor(async () => (await fetch(url).catch(() => undefined)) !== undefined, 30_000)
})
afterAll(async () => {
  portkey.kill()
  await once(portkey, 'exit')
  await club.close()
})

/** The SDK, told to ask Portkey, which is told to ask us. */
const connect = (apiKey: string) =>
  new OpenAI({
    baseURL: `${url}/v1`,
    apiKey,
    defaultHeaders: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': club.baseUrl }
  })

it('generates', async () => {
  const { key } = await club.addUser()
  const { data } = await connect(key).images.generate({ model: MODELS.base64, prompt: 'a red fox' })
  expect(isPng(Buffer.from(data?.[0]?.b64_json ?? '', 'base64'))).toBe(true)
})

it('passes a caller’s mistake on', async () => {
  const { key } = await club.addUser()
  const call = connect(key).images.generate({ model: 'nothing', prompt: 'a red fox' })
  await expect(call).rejects.toMatchObject({ status: 404, code: 'no_provider' })
})

it('asks for failing work once', async () => {
  const user = await club.addUser()
  const call = connect(user.key).images.generate({ model: MODELS.failing, prompt: 'a red fox' })
  await expect(call).rejects.toMatchObject({ status: 502 })
  expect(await club.requestsOf(user)).toHaveLength(1)
})
