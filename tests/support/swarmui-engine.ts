import { createSwarmEngine, type SwarmOptions } from '../../src/engines/swarmui/swarmui-engine.ts'
import { driveEngine, foxTask } from './drive-engine.ts'
import { type FakeSwarm, type FakeSwarmOptions, startFakeSwarm } from './fake-swarmui.ts'

const task = foxTask({ model: 'fake-image', size: { width: 128, height: 64 }, steps: 4 })

export function useSwarmEngine() {
  const drive = driveEngine<FakeSwarm, FakeSwarmOptions, SwarmOptions>({
    task,
    startFake: startFakeSwarm,
    create: (at, options) =>
      createSwarmEngine({ ...at, models: [], ...options, times: { stopMs: 20, ...options.times } })
  })
  return Object.assign(drive, {
    /** What the last job was sent with. */
    sent: () => drive.server.state().jobs.at(-1)!
  })
}
