import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, vi } from 'vitest'
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

it('a look at a server without a list asks it for nothing that it would write down as a fault', async () => {
  const asked: string[] = []
  const server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`)
    response.writeHead(method === 'GET' ? 404 : 400).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const engine = createOpenAIEngine({ baseUrl, maxImageBytes: 1000 })
  try {
    const { signal } = new AbortController()
    await engine.describe(signal)
    expect(asked).toContain('POST /v1/images/generations')
    asked.length = 0
    expect((await engine.describe(signal, { isLook: true })).models).toEqual([])
    expect(asked).toEqual(['GET /v1/models'])
  } finally {
    await engine.close?.()
    server.close()
    await once(server, 'close')
  }
})
