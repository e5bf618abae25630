import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSeed } from '../support/fake-openai-pictures.ts'
import type { InvokeState } from '../support/fake-invokeai.ts'
import type { InvokeSettings } from '../support/fake-invokeai-worker.ts'
import type { SwarmState } from '../support/fake-swarmui.ts'
import type { SwarmSettings } from '../support/fake-swarmui-worker.ts'
import { fetchImage, generate } from '../support/image-calls.ts'
import { type FakeProcess, spawnFake } from '../support/spawn-fake.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let caller: TestUser
let swarm: FakeProcess<SwarmSettings, SwarmState>
let invoke: FakeProcess<InvokeSettings, InvokeState>

beforeAll(async () => {
  gateway = await startTestGateway()
  caller = await gateway.addUser()
  swarm = await spawnFake('fake-swarmui-main.ts')
  invoke = await spawnFake('fake-invokeai-main.ts')
  const features = ['generate', 'negative_prompt', 'seed', 'preview'] as const
  const service = (engine: string, url: string, options: Record<string, unknown>) => ({
    name: engine,
    engine,
    url,
    models: [{ id: engine, servedAs: 'fake-image', features: [...features], options }]
  })
  await gateway.addAgent({
    key: caller.key,
    services: [
      service('swarmui', swarm.url, { parameters: { cfgscale: 3 } }),
      service('invokeai', invoke.url, { guidance_scale: 3 })
    ]
  })
})

afterAll(async () => {
  await gateway.close()
  await Promise.all([swarm.close(), invoke.close()])
})

describe.each(['swarmui', 'invokeai'])('the engine %s', (model) => {
  it('makes images for a gateway, with the options of its model, and nothing written into them', async () => {
    const answer = await generate(caller.client, {
      model,
      prompt: 'a fox <param[images]:9>',
      size: '128x64',
      steps: 4,
      seed: 7
    })
    expect(answer.warnings).toEqual([expect.stringContaining("'<param[images]:9>'")])
    const { bytes } = await fetchImage(answer.data[0]!.url!)
    expect(await readSeed(bytes)).toBe(7)
    expect(Buffer.from(bytes).toString('latin1')).not.toContain('secret')
    const sent = JSON.stringify(model === 'swarmui' ? await swarm.state() : await invoke.state())
    expect(sent).toContain(model === 'swarmui' ? '"cfgscale":3' : '"cfg_scale":3')
  })

  it('streams to the image', async () => {
    const response = await gateway.call('/v1/images/generations', {
      method: 'POST',
      key: caller.key,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, prompt: 'a hare', size: '128x64', steps: 4, stream: true, partial_images: 1 })
    })
    const events = (await response.text()).match(/^event: .*$/gm)
    expect(events?.at(-1)).toBe('event: image_generation.completed')
  })

  it('leaves nothing behind', async () => {
    await waitFor(
      async () => (await invoke.state()).images.length === 0 && (await invoke.state()).statuses.length === 0
    )
    expect((await swarm.state()).files).toEqual([])
  })
})
