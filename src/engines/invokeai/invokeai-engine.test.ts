import { describeEngineContract } from '../../../tests/contracts/engine-contract.ts'
import type { InvokeState } from '../../../tests/support/fake-invokeai.ts'
import type { InvokeSettings } from '../../../tests/support/fake-invokeai-worker.ts'
import { spawnFake } from '../../../tests/support/spawn-fake.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { createInvokeEngine } from './invokeai-engine.ts'

describeEngineContract('invokeai', {
  makeEngine: async () => {
    const server = await spawnFake<InvokeSettings, InvokeState>('fake-invokeai-main.ts')
    const engine = createInvokeEngine({
      baseUrl: server.url,
      maxImageBytes: 10_000_000,
      models: [],
      times: { pollMs: 20, awayMs: 200 }
    })
    let released = Promise.resolve()
    const releaseAfterCancel = async (working: Promise<void>) => {
      await working
      await waitFor(async () => (await server.state()).calls.some((call) => call.endsWith('/cancel')))
      await server.control({ hold: false })
    }
    return {
      engine,
      stallNext: () => {
        const isWorking = async () => (await server.state()).statuses.includes('in_progress')
        const held = server.control({ hold: 'step' })
        const working = held.then(() => waitFor(isWorking)).then(() => undefined)
        released = releaseAfterCancel(working)
        return { working }
      },
      loaded: async () => JSON.stringify((await server.state()).inMemory),
      stopServer: () => server.close(),
      close: async () => {
        await released
        await server.close()
      }
    }
  }
})
