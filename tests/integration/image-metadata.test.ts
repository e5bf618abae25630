import { afterAll, beforeAll, expect, it } from 'vitest'
import { fetchImage, generate } from '../support/image-calls.ts'
import { type FakeOpenAIProcess, spawnFakeOpenAI } from '../support/spawn-fake-openai.ts'
import { ihdr, pattern, PNG_SIGNATURE, pngChunk } from '../support/test-images.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let upstream: FakeOpenAIProcess
let caller: TestUser

beforeAll(async () => {
  upstream = await spawnFakeOpenAI()
  gateway = await startTestGateway()
  caller = await gateway.addUser()
  const offer = (id: string) => ({
    name: id,
    engine: 'openai',
    url: upstream.url,
    models: [{ id, servedAs: id, features: ['generate' as const] }]
  })
  const services = [offer('discreet'), { ...offer('open'), keepMetadata: true as const }]
  await gateway.addAgent({ key: caller.key, services })
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

it('reaches nobody, unless the owner of the machine keeps it', async () => {
  const plain = await pattern(64, 48, 3).png().toBuffer()
  const headEnd = PNG_SIGNATURE.length + ihdr().length
  const words = pngChunk('tEXt', Buffer.from('prompt\0{"1":{"inputs":{"ckpt_name":"/home/anna/secret.safetensors"}}}'))
  const told = Buffer.concat([plain.subarray(0, headEnd), words, plain.subarray(headEnd)])
  const body = { created: 1, data: [{ b64_json: told.toString('base64') }] }
  await upstream.setBehaviour({ default: { name: 'custom', body } })
  const made = async (model: string) => {
    const { data = [] } = await generate(caller.client, { model, prompt: 'a fox' })
    return (await fetchImage(data[0]!.url!)).bytes
  }
  expect(await made('discreet')).toEqual(plain)
  expect(await made('open')).toEqual(told)
})
