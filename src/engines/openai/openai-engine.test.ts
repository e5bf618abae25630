import { vi } from 'vitest'
import { describeEngineContract } from '../../../tests/contracts/engine-contract.ts'
import { startFakeOpenAIServer } from '../../../tests/support/fake-openai-server.ts'
import { createOpenAIEngine } from './openai-engine.ts'

describeEngineContract('openai', {
  makeEngine: async () => {
    const server = await startFakeOpenAIServer()
    return {
      engine: createOpenAIEngine({ baseUrl: server.url, maxImageBytes: 10_000_000 }),
      stallNext: () => {
        server.setBehaviour({ queue: ['hang'] })
        return { working: vi.waitUntil(() => server.requests.length > 0).then(() => {}) }
      },
      stopServer: () => server.close(),
      close: () => server.close()
    }
  }
})
