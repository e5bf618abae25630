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
    const described = describeAt(engine, await startAnswering(alike(status, body, { location: '/login' })))
    // SwarmUI's own failures look like that.
    const fault = engine === 'swarmui' && body.includes('error') ? 'crashed' : 'unreachable'
    await expect(described).rejects.toMatchObject({ fault })
  })

  it.each(['', '{"detail":"no"}', '<html>no</html>'])(
    'says that a password of its url is refused, though 401 with %j does not say what is wanted',
    async (body) => {
      const url = await startAnswering(alike(401, body))
      await expect(describeAt(engine, url.replace('//', '//me:wrong@'))).rejects.toMatchObject({
        fault: 'unreachable',
        message: 'The image server refused its user name or password.'
      })
    }
  )
})

function describeAt(engine: string, url: string) {
  const models = [{ id: 'm', servedAs: 'm', features: ['generate' as const] }]
  const services = [{ engine, url, models }]
  const config = agentConfig({ gateway: 'http://club.test', key: 'k', name: 'rig', services })
  const [service] = createServices(config, { maxImageBytes: 1_000_000 }).values()
  onTestFinished(() => service?.engine?.close?.())
  return service!.engine!.describe(new AbortController().signal)
}
