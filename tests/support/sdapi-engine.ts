import {
  type Automatic1111Options,
  createAutomatic1111Engine
} from '../../src/engines/automatic1111/automatic1111-engine.ts'
import { driveEngine, foxTask } from './drive-engine.ts'
import { type FakeSdapi, type FakeSdapiOptions, startFakeSdapi } from './fake-sdapi.ts'

const task = foxTask({ model: 'dream', size: { width: 64, height: 48 } })

export function useSdapiEngine() {
  const drive = driveEngine<FakeSdapi, FakeSdapiOptions, Automatic1111Options>({
    task,
    startFake: startFakeSdapi,
    create: (at, options) => createAutomatic1111Engine({ ...at, pollMs: 5, ...options })
  })
  return Object.assign(drive, {
    /** What the last image call sent. */
    sent: () => drive.server.state().calls.at(-1)!.body
  })
}
