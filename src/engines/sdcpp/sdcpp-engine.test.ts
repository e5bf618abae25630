import { describeEngineContract } from '../../../tests/contracts/engine-contract.ts'
import type { SdcppSettings, SdcppState } from '../../../tests/support/fake-sdcpp.ts'
import { spawnFake } from '../../../tests/support/spawn-fake.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { createSdcppEngine } from './sdcpp-engine.ts'

describeEngineContract('sdcpp', {
  makeEngine: async () => {
    const server = await spawnFake<SdcppSettings, SdcppState>('fake-sdcpp-main.ts')
    const engine = createSdcppEngine({ baseUrl: server.url, maxImageBytes: 10_000_000, pollMs: 10 })
    let released = Promise.resolve()
    /** What has begun cannot be stopped: the server goes on with it, and then with the next. */
    const releaseAfterCancel = async (working: Promise<void>) => {
      await working
      await waitFor(async () => (await server.state()).cancels.length > 0)
      await server.control({ hold: false })
    }
    return {
      engine,
      stallNext: () => {
        const isWorking = async () => (await server.state()).statuses.includes('generating')
        const held = server.control({ hold: true })
        const working = held.then(() => waitFor(isWorking)).then(() => undefined)
        released = releaseAfterCancel(working)
        return { working }
      },
      stopServer: () => server.close(),
      close: async () => {
        await released
        await server.close()
      }
    }
  }
})
