import { describeEngineContract } from '../../../tests/contracts/engine-contract.ts'
import type { SdapiSettings, SdapiState } from '../../../tests/support/fake-sdapi.ts'
import { spawnFake } from '../../../tests/support/spawn-fake.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { createAutomatic1111Engine } from './automatic1111-engine.ts'

describeEngineContract('automatic1111', {
  task: { model: 'dream' },
  makeEngine: async () => {
    const checkpoints = ['other.safetensors', 'dream.safetensors'].map((file) => ({ file }))
    const server = await spawnFake<SdapiSettings, SdapiState>('fake-sdapi-main.ts', { checkpoints })
    return {
      engine: createAutomatic1111Engine({ baseUrl: server.url, maxImageBytes: 10_000_000, pollMs: 10 }),
      stallNext: () => {
        const held = server.control({ hold: true })
        const isWorking = async () => (await server.state()).current !== null
        return { working: held.then(() => waitFor(isWorking)).then(() => undefined) }
      },
      loaded: async () => (await server.state()).inMemory,
      stopServer: () => server.close(),
      close: () => server.close()
    }
  }
})
