import { describe, expect, it, onTestFinished } from 'vitest'
import { createServices } from '../../src/agent/agent-services.ts'
import { alike, startAnswering } from '../support/answering-server.ts'
import { ENGINES } from '../support/engine-servers.ts'
import { agentConfig } from '../support/test-gateway.ts'

/** What programs answer to whatever they are asked. */
const ANSWERS: [status: number, body: string][] = [
  [200, '{"status":"ok"}'],
  [200, 'OK'],
  [200, ''],
  [204, ''],
  [200, '[]'],
  [200, '{}'],
  [200, 'null'],
  [200, '{"error":"Unexpected endpoint or method."}'],
  [200, '{"data":[]}'],
  [404, '404 page not found'],
  [405, ''],
  [302, ''],
  [401, '']
]

describe.each(ENGINES)('an engine %s', (engine) => {
  it.each(ANSWERS)('does not take a program that always answers with %i %j for its server', async (status, body) => {
    const url = await startAnswering(alike(status, body, { location: '/login' }))
    const models = [{ id: 'm', servedAs: 'm', features: ['generate' as const] }]
    const config = agentConfig({
      gateway: 'http://club.test',
      key: 'k',
      name: 'rig',
      services: [{ engine, url, models }]
    })
    const [service] = createServices(config, { maxImageBytes: 1_000_000 }).values()
    onTestFinished(() => service?.engine?.close?.())
    const described = service!.engine!.describe(new AbortController().signal)
    // SwarmUI's own failures look like that.
    const fault = engine === 'swarmui' && body.includes('error') ? 'crashed' : 'unreachable'
    await expect(described).rejects.toMatchObject({ fault })
  })
})
