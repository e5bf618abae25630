import { describeEngineContract } from '../../../tests/contracts/engine-contract.ts'
import { createDemoEngine } from './demo-engine.ts'

describeEngineContract('demo', {
  makeEngine: async () => ({ engine: createDemoEngine({ stepTimeMs: 0 }), close: async () => undefined }),
  task: { model: 'demo' }
})
