import { describeEngineContract, type EngineUnderTest } from '../../../tests/contracts/engine-contract.ts'
import { QUICK } from '../../../tests/support/comfyui-engine.ts'
import { type FakeComfyOptions, startFakeComfy } from '../../../tests/support/fake-comfyui-server.ts'
import { createComfyEngine } from './comfyui-engine.ts'
import { COMFYUI } from './comfyui-description.ts'

const makeEngine = async (options: FakeComfyOptions = {}): Promise<EngineUnderTest> => {
  const server = await startFakeComfy(options)
  const engine = createComfyEngine({ baseUrl: server.url, maxImageBytes: 10_000_000, models: [], times: QUICK })
  let closed: Promise<void> | undefined
  const close = () => (closed ??= server.close())
  return {
    engine,
    stallNext: () => {
      server.set({ stalled: true })
      return {
        working: server.working().then(() => {
          // Only this one: the next is made as usual.
          setImmediate(() => server.set({ stalled: false }))
        })
      }
    },
    loaded: () => server.inMemory().join(' '),
    stopServer: close,
    close
  }
}

const one = COMFYUI.usualFeatures

describeEngineContract('comfyui, a checkpoint', { makeEngine, features: one, task: { model: 'sd15' } })
describeEngineContract('comfyui, a model in parts', {
  makeEngine,
  features: one,
  task: { model: 'z_image_turbo_bf16' }
})
describeEngineContract('comfyui, an inpainting model of an old server without a socket', {
  makeEngine: () => makeEngine({ age: 'old', noSocket: true }),
  features: one,
  task: { model: 'sd15-inpainting' }
})
