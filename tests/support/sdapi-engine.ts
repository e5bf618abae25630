import {
  type Automatic1111Options,
  createAutomatic1111Engine
} from '../../src/engines/automatic1111/automatic1111-engine.ts'
import type { ImageTask } from '../../src/images/image-request.ts'
import { driveEngine } from './drive-engine.ts'
import { type FakeSdapi, type FakeSdapiOptions, startFakeSdapi } from './fake-sdapi.ts'

/** A generation of a fox by the fake's checkpoint. */
export const foxTask = (more: Partial<ImageTask> = {}): ImageTask => ({
  kind: 'generation',
  model: 'dream',
  prompt: 'a fox',
  seed: 7,
  size: { width: 64, height: 48 },
  inputs: [],
  extra: {},
  ...more
})

export function useSdapiEngine() {
  const drive = driveEngine<FakeSdapi, FakeSdapiOptions, Automatic1111Options>({
    task: foxTask,
    startFake: startFakeSdapi,
    create: (at, options) => createAutomatic1111Engine({ ...at, pollMs: 5, ...options })
  })
  return Object.assign(drive, {
    /** What the last image call sent. */
    sent: () => drive.server.state().calls.at(-1)!.body
  })
}
