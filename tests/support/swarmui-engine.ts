import { createSwarmEngine, type SwarmOptions } from '../../src/engines/swarmui/swarmui-engine.ts'
import type { ImageTask } from '../../src/images/image-request.ts'
import { driveEngine } from './drive-engine.ts'
import { type FakeSwarm, type FakeSwarmOptions, startFakeSwarm } from './fake-swarmui.ts'

/** A generation of a fox by a model of the fake. */
export const foxTask = (more: Partial<ImageTask> = {}): ImageTask => ({
  kind: 'generation',
  model: 'fake-image',
  prompt: 'a fox',
  seed: 7,
  size: { width: 128, height: 64 },
  steps: 4,
  inputs: [],
  extra: {},
  ...more
})

export function useSwarmEngine() {
  const drive = driveEngine<FakeSwarm, FakeSwarmOptions, SwarmOptions>({
    task: foxTask,
    startFake: startFakeSwarm,
    create: (at, options) =>
      createSwarmEngine({ ...at, models: [], ...options, times: { stopMs: 20, ...options.times } })
  })
  return Object.assign(drive, {
    /** What the last job was sent with. */
    sent: () => drive.server.state().jobs.at(-1)!
  })
}
