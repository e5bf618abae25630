import { describeEngineContract } from '../../../tests/contracts/engine-contract.ts'
import type { SwarmState } from '../../../tests/support/fake-swarmui.ts'
import type { SwarmSettings } from '../../../tests/support/fake-swarmui-worker.ts'
import { spawnFake } from '../../../tests/support/spawn-fake.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { createSwarmEngine } from './swarmui-engine.ts'

describeEngineContract('swarmui', {
  makeEngine: async () => {
    const server = await spawnFake<SwarmSettings, SwarmState>('fake-swarmui-main.ts')
    const engine = createSwarmEngine({
      baseUrl: server.url,
      maxImageBytes: 10_000_000,
      models: [],
      times: { stopMs: 20 }
    })
    let released = Promise.resolve()
    const releaseAfterCancel = async (working: Promise<void>) => {
      await working
      await waitFor(async () => (await server.state()).interrupts.length > 0)
      await server.control({ hold: false })
    }
    return {
      engine,
      stallNext: () => {
        const isWorking = async () => (await server.state()).statuses.includes('working')
        const held = server.control({ hold: 'step' })
        const working = held.then(() => waitFor(isWorking)).then(() => undefined)
        released = releaseAfterCancel(working)
        return { working }
      },
      loaded: async () => (await server.state()).loaded.join(' '),
      stopServer: () => server.close(),
      close: async () => {
        await released
        await server.close()
      }
    }
  }
})
