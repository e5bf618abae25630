import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FEATURES } from '../../src/images/image-request.ts'
import { runProgram } from '../support/run-program.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { freePort } from '../support/free-port.ts'
import { ALL_CASES, mostImages } from './all-cases.ts'
import { Club } from './club.ts'

let gateway: TestGateway
let upstream: FakeOpenAIServer
let broken: FakeOpenAIServer
let club: Club

beforeAll(async () => {
  upstream = await startFakeOpenAIServer()
  upstream.setBehaviour({ default: 'content_filter' })
  broken = await startFakeOpenAIServer()
  broken.setBehaviour({ default: 'error_500' })
  gateway = await startTestGateway()
  const scopes = ['generate', 'agent', 'usage'] as const
  const { key, id } = await gateway.addUser({ scopes })
  const models = [
    { id: 'demo', servedAs: 'demo', features: [...FEATURES] },
    { id: 'gpt-image-1', servedAs: 'demo', features: [...FEATURES] },
    { id: 'org/plain', servedAs: 'demo', features: ['generate' as const] }
  ]
  await gateway.addAgent({
    key,
    services: [
      { name: 'quick', models, concurrency: 2 },
      { name: 'slow', models: [{ ...models[0]!, id: 'slow' }], options: { step_time: '15ms' } },
      {
        name: 'failing',
        engine: 'openai',
        url: broken.url,
        models: [{ ...models[2]!, id: 'failing' }]
      },
      { name: 'refusing', engine: 'openai', url: upstream.url, models: [{ ...models[2]!, id: 'refusing' }] }
    ]
  })
  // Of somebody else, with the terms that a model tells of: a caller reads past what they do not know.
  const owner = await gateway.addUser({ scopes })
  await gateway.addAgent({
    key: owner.key,
    services: [
      { name: 'capped', models: [{ ...models[2]!, id: 'capped' }], imagesPerHour: 30, imagesPerUserHour: 10 },
      { name: 'for itself', models: [{ ...models[2]!, id: 'for-itself' }], access: 'private' }
    ]
  })
  club = new Club({
    baseUrl: `${gateway.url}/v1`,
    key,
    model: 'demo',
    slowModel: 'slow',
    failingModel: 'failing',
    refusingModel: 'refusing',
    size: '48x32',
    otherKey: (await gateway.addUser()).key,
    adminKey: (await gateway.addUser({ role: 'admin', scopes: ['admin'] })).key,
    agentKey: (await gateway.addKey({ id }, { scopes: ['agent'] })).key,
    limitedKey: (await gateway.addUser({ limits: { imagesPerDay: 1 }, rateLimit: 5 })).key
  })
})

afterAll(async () => {
  await gateway.close()
  await upstream.close()
  await broken.close()
})

// What a club cannot show is told from the command line; this one is set up to show everything.
for (const [heading, cases] of Object.entries(ALL_CASES)) {
  describe(heading, () => {
    it.each(cases)('$name', ({ run }) => run(club))
  })
}

describe('the command', () => {
  const run = (...args: string[]) => {
    const script = fileURLToPath(new URL('run-acceptance.ts', import.meta.url))
    return runProgram([script, ...args], { program: process.execPath })
  }

  it('tells what holds and what it could not check', async () => {
    const { key } = await gateway.addUser()
    const { code, stdout } = await run(gateway.url, '--key', key, '--size', '48x32', '--only', 'metrics')
    expect(stdout).toMatch(/^- {7}conventions: GET \/metrics.*\n {8}not checked: it needs an --admin-key$/m)
    expect(stdout).toMatch(/^0 hold, 0 are broken, 1 could not be checked\.$/m)
    expect(code).toBe(2)
    const models = await run(`${gateway.url}/v1/`, '--key', key, '--only', 'models: every')
    expect(models.stdout).toMatch(/^ok {6}models: every listed model/m)
    expect(models.code).toBe(0)
  })

  it('ends with 2 where nothing can be checked, and says why', async () => {
    expect((await run()).stdout).toMatch(/--limited-key/)
    const wrong = await run(gateway.url, '--key', 'ic_not_a_key_of_anybody_here')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/answered 401/)])
    const nobody = await run(`http://127.0.0.1:${await freePort()}`, '--key', 'ic_x')
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringMatching(/cannot be reached/)])
  })
})

it('deletes all it made, which is no more than it says', async () => {
  const { images, left } = await club.cleanUp()
  expect(left).toEqual([])
  expect(images).toBeLessThanOrEqual(mostImages)
  const { body } = await club.call<{ data: unknown[] }>('/v1/jobs')
  expect(body.data).toEqual([])
})
