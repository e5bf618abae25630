import { afterAll, beforeAll, expect, it } from 'vitest'
import { readSeed } from '../support/fake-openai-pictures.ts'
import { fetchImage, generate } from '../support/image-calls.ts'
import { startFakeComfy } from '../support/fake-comfyui-server.ts'
import { type FakeProcess, spawnFake } from '../support/spawn-fake.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let caller: TestUser
let comfy: FakeProcess<never, never>

beforeAll(async () => {
  gateway = await startTestGateway()
  caller = await gateway.addUser()
  comfy = await spawnFake('fake-comfyui-server-main.ts', { stepMs: 20 })
  const loras = { film: 'styles\\film_grain.safetensors' }
  await gateway.addAgent({
    key: caller.key,
    services: [
      {
        engine: 'comfyui',
        url: comfy.url,
        models: [
          { id: 'fox-maker', servedAs: 'sd15', features: ['generate', 'seed', 'preview'], options: { loras, steps: 3 } }
        ]
      }
    ]
  })
})

afterAll(async () => {
  await gateway.close()
  await comfy.close()
})

const ask = (fields: Record<string, unknown>) =>
  generate(caller.client, { model: 'fox-maker', size: '64x48', steps: undefined, ...fields })

it('makes images for a gateway, with the options of its model', async () => {
  const answer = await ask({ seed: 7, lora: ['film:0.5', 'other'] })
  expect(answer.warnings).toEqual([expect.stringContaining("'other'")])
  const { bytes } = await fetchImage(answer.data[0]!.url!)
  expect(await readSeed(bytes)).toBe(7)
})

it('gives way to its owner, and frees memory, where its file says so', async () => {
  const server = await startFakeComfy({ diffusionModels: [] })
  const options = { yield: true, free_after: '1s' }
  const models = [{ id: 'shared-fox', servedAs: 'sd15', features: ['generate' as const] }]
  await gateway.addAgent({ key: caller.key, services: [{ engine: 'comfyui', url: server.url, models, options }] })
  const image = { model: 'shared-fox', prompt: 'a fox', size: '64x48' as const }
  await caller.client.images.generate(image)
  await waitFor(() => server.calls.some(({ path }) => path === '/free'))
  const owners = server.queueOwnersJob()
  await expect(caller.client.images.generate(image, { maxRetries: 0, timeout: 2500 })).rejects.toThrow()
  expect(server.calls.filter(({ path }) => path === '/prompt')).toHaveLength(1)
  server.letGo(owners)
  await server.close()
})

it('makes an image again after its process was killed in the middle', async () => {
  const made = ask({ seed: 8, steps: 200 })
  await waitFor(async () => {
    const { queue_running: running } = (await (await fetch(`${comfy.url}/queue`)).json()) as {
      queue_running: unknown[]
    }
    return running.length === 1
  })
  await comfy.close()
  comfy = await spawnFake('fake-comfyui-server-main.ts', { port: Number(new URL(comfy.url).port) })
  const { bytes } = await fetchImage((await made).data[0]!.url!)
  expect(await readSeed(bytes)).toBe(8)
})
