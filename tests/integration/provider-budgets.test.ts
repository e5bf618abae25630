import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CLOSE_CODES, PROTOCOL_VERSION } from '../../src/protocol/messages.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      INFERENCE_CLUB_LIMITS_PROVIDERS_PER_USER: '2',
      INFERENCE_CLUB_LIMITS_SERVICES_PER_PROVIDER: '2',
      INFERENCE_CLUB_LIMITS_MODELS_PER_PROVIDER: '3'
    }
  })
})
afterAll(() => gateway.close())

const offering = (...models: number[]) =>
  models.map((count, at) => ({
    name: `service ${at}`,
    models: Array.from({ length: count }, (_, index) => ({ id: `m${index}`, features: [] }))
  }))

/** What the gateway says to a hello that it refuses. */
async function refusal({ key }: TestUser, name: string, services: ReturnType<typeof offering> = []): Promise<string> {
  const agent = await connectRawAgent({ url: gateway.url, key })
  const closed = once(agent.socket, 'close')
  const same = { type: 'image', concurrency: 1, timeout_ms: 1000, access: 'members' as const }
  agent.send({
    type: 'agent.hello',
    protocol: PROTOCOL_VERSION,
    name,
    agent_version: '1',
    services: services.map((service) => ({ ...same, ...service })),
    attempts: []
  })
  const [code, reason] = (await closed) as [number, Buffer]
  expect(code).toBe(CLOSE_CODES.protocol)
  return String(reason)
}

async function accepted({ key }: TestUser, name: string, services: ReturnType<typeof offering> = []): Promise<void> {
  const agent = await connectRawAgent({ url: gateway.url, key })
  await agent.hello({ name, services })
  await agent.close()
}

it('an agent may offer so many services and models, and is told which budget it passes', async () => {
  const owner = await gateway.addUser()
  await accepted(owner, 'rig', offering(1, 2))
  expect(await refusal(owner, 'rig', offering(1, 1, 1))).toBe(
    'This agent offers 3 services: 2 at most here (LIMITS_SERVICES_PER_PROVIDER).'
  )
  expect(await refusal(owner, 'rig', offering(2, 2))).toBe(
    'This agent offers 4 models: 3 at most here (LIMITS_MODELS_PER_PROVIDER).'
  )
  // What is refused changes nothing.
  const { db } = gateway.database
  const rows = await db
    .selectFrom('service_models')
    .innerJoin('services', 'services.id', 'service_models.service_id')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .select('model')
    .where('owner_id', '=', owner.id)
    .where('declared', '=', 1)
    .execute()
  expect(rows).toHaveLength(3)
})

it('somebody may have so many providers, and the others are none the worse for it', async () => {
  const owner = await gateway.addUser()
  await accepted(owner, 'one')
  await accepted(owner, 'two')
  expect(await refusal(owner, 'three')).toBe(
    'You have too many providers, forget one: 2 at most here (LIMITS_PROVIDERS_PER_USER).'
  )
  await accepted(owner, 'two')
  await accepted(await gateway.addUser(), 'three')
})
