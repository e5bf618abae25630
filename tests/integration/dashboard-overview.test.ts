import { DAY_MS } from '../../src/lib/durations.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_KEY_NAME, FIRST_KEY_NAME } from '../../src/auth/server-keys.ts'
import type { Overview } from '../../src/http/dashboard/contract/account.ts'
import type { NetworkState } from '../../src/http/dashboard/contract/network.ts'
import { newId } from '../../src/lib/ids.ts'
import { connectFor, declared } from '../support/agent-work.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway, type TestPerson, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { addPainters } from '../support/webhook-calls.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  await addPainters(gateway)
})
afterAll(() => gateway.close())

async function overview(person: Pick<TestPerson, 'cookie'>): Promise<Overview> {
  const { status, body } = await callDashboard<Overview>(gateway, person, 'overview')
  expect(status).toBe(200)
  return body
}

/** Somebody with a key of theirs. */
async function addMaker() {
  const person = await gateway.addPerson({ name: 'Ada' })
  const key = await gateway.addKey(person)
  return { ...person, keyId: key.keyId, jobs: jobCalls(gateway, key) }
}

describe('the overview', () => {
  it('of a newcomer says what there is and what is left to do', async () => {
    const person = await gateway.addPerson()
    expect(await overview(person)).toEqual({
      queue: { waiting: 0, running: 0, mine: 0 },
      machines: { online: 1, able: 1 },
      providersPending: 0,
      models: 1,
      myImages: { total: 0, today: 0 },
      latest: [],
      given: null,
      todo: { hasKey: false, hasProvider: false, hasImage: false, hasFriend: null }
    })
    expect((await callDashboard(gateway, { cookie: '' }, 'overview')).status).toBe(401)
  })

  it('counts the images of everybody in the queue, and one’s own', async () => {
    const [ada, bob] = [await addMaker(), await addMaker()]
    const job = await ada.jobs.submit({ model: 'asleep', n: 2 })
    await bob.jobs.submit({ model: 'asleep' })
    expect((await overview(ada)).queue).toEqual({ waiting: 3, running: 0, mine: 2 })
    await gateway.gateway.context.requests.cancel(job)
    expect((await overview(ada)).queue).toEqual({ waiting: 1, running: 0, mine: 0 })
    expect((await overview(bob)).queue.mine).toBe(1)
    const [latest] = (await overview(ada)).latest
    expect(latest).toMatchObject({ id: job, status: 'canceled', owner: { id: ada.id, name: 'Ada' } })
  })

  it('counts one’s images of today and ever, and shows the twelve latest requests', async () => {
    const maker = await addMaker()
    const made = await maker.jobs.submit({ model: 'demo', n: 3, steps: 2 })
    await waitFor(async () => (await maker.jobs.get(made)).status === 'PROCESSED')
    expect((await overview(maker)).myImages).toEqual({ total: 3, today: 3 })
    const { db } = gateway.database
    const [{ asset_id } = { asset_id: '' }] = await db
      .selectFrom('usage_images')
      .select('asset_id')
      .where('request_id', '=', made)
      .execute()
    await db
      .updateTable('usage_images')
      .set((e) => ({ created_at: e('created_at', '-', 40 * DAY_MS) }))
      .where('asset_id', '=', asset_id)
      .execute()
    expect((await overview(maker)).myImages).toEqual({ total: 3, today: 2 })
    await gateway.gateway.context.usage.rollUp()
    expect((await overview(maker)).myImages).toEqual({ total: 3, today: 2 })

    const ids: string[] = []
    for (let count = 0; count < 13; count++) ids.unshift(await maker.jobs.submit({ model: 'asleep' }))
    const { latest } = await overview(maker)
    expect(latest).toHaveLength(12)
    expect(latest.map(({ id }) => id).every((id) => ids.includes(id))).toBe(true)
    expect(latest.map(({ createdAt }) => createdAt)).toEqual(
      latest.map(({ createdAt }) => createdAt).toSorted((a, b) => b - a)
    )
  })

  it('knows what is done: a key that counts, a provider, an image', async () => {
    const maker = await addMaker()
    const todo = async () => (await overview(maker)).todo
    expect(await todo()).toEqual({ hasKey: true, hasProvider: false, hasImage: false, hasFriend: null })
    const { key } = await gateway.addKey(maker)
    const before = await overview(maker)
    const agent = await connectFor(gateway, { ...maker, key } as unknown as TestUser, 'of-mine')
    expect(await overview(maker)).toMatchObject({
      machines: { online: before.machines.online + 1, able: before.machines.able + 1 },
      models: before.models + 1,
      // The demo painter drives nobody's GPU.
      todo: { hasProvider: false }
    })
    const gpu = await connectRawAgent({ url: gateway.url, key })
    await gpu.hello({ name: 'gpu', services: [{ ...declared('of-mine'), engine: 'openai' }] })
    expect(await todo()).toMatchObject({ hasProvider: true })
    await agent.close()
    await gpu.close()
    await waitFor(async () => (await overview(maker)).machines.online === before.machines.online)
    expect(await todo()).toMatchObject({ hasProvider: true })
    for (const { id } of await gateway.gateway.context.apiKeys.list({ userId: maker.id })) {
      await gateway.gateway.context.apiKeys.revoke(id)
    }
    expect(await todo()).toMatchObject({ hasKey: false })
  })

  it('counts no machine as one that makes images while it cannot, as the network page does', async () => {
    const own = await startTestGateway()
    const [owner, reader] = [await own.addPerson(), await own.addPerson()]
    const { key } = await own.addKey(owner)
    const add = async (name: string, models: string[]) => {
      const agent = await connectRawAgent({ url: own.url, key })
      await agent.hello({
        name,
        services: [{ name: 'images', models: models.flatMap((model) => declared(model).models) }]
      })
      return agent
    }
    const machines = async () => (await callDashboard<Overview>(own, reader, 'overview')).body.machines
    const shown = async () =>
      (await callDashboard<NetworkState>(own, reader, 'network')).body.providers.flatMap(({ name, services }) =>
        services.flatMap(({ models }) => models.map(({ id, canMake }) => ({ name, id, canMake })))
      )
    const rig = await add('rig', ['paint'])
    const half = await add('half', ['paint', 'other'])
    await add('bare', [])
    expect(await machines()).toEqual({ online: 3, able: 2 })

    rig.send({ type: 'service.state', service: 'images', state: 'warning', text: 'gone', fault: 'unreachable' })
    half.send({ type: 'service.state', service: 'images', state: 'warning', text: 'no', models_missing: ['other'] })
    await waitFor(async () => (await shown()).filter(({ canMake }) => canMake).length === 1)
    expect(await shown()).toContainEqual({ name: 'half', id: 'paint', canMake: true })
    expect(await machines()).toEqual({ online: 3, able: 1 })

    const known = (await callDashboard<NetworkState>(own, owner, 'network')).body.providers
    const { id } = known.find(({ name }) => name === 'half')!
    await own.call(`/api/dashboard/providers/${id}/drain`, { method: 'POST', headers: { cookie: owner.cookie } })
    expect(await machines()).toEqual({ online: 3, able: 0 })
    await own.close()
  })

  it('leaves out models that the reader may not use', async () => {
    const person = await gateway.addPerson()
    await gateway.gateway.context.people.change({
      userId: person.id,
      by: null,
      change: { limits: { models: ['another'] } }
    })
    expect((await overview(person)).models).toBe(0)
  })

  it('takes for done what somebody did, and not what the server began with', async () => {
    const own = await startTestGateway()
    const { context } = own.gateway
    const admin = own.gateway.admin!
    const cookie = await own.signIn(admin)
    const seen = async () => (await callDashboard<Overview>(own, { cookie }, 'overview')).body.todo
    await context.apiKeys.replace({ userId: admin.id, name: DEMO_KEY_NAME, scopes: ['agent'] })
    expect(await seen()).toEqual({ hasKey: false, hasProvider: false, hasImage: false, hasFriend: false })
    // Used, it is somebody's key.
    const [key] = (await context.apiKeys.list({ userId: admin.id })).filter(({ name }) => name === FIRST_KEY_NAME)
    await own.database.db.updateTable('api_keys').set({ last_used_at: 1 }).where('id', '=', key!.id).execute()
    expect(await seen()).toMatchObject({ hasKey: true })
    // Who has only a key cannot come in, and whom an admin shuts out cannot either.
    await own.addUser()
    expect(await seen()).toMatchObject({ hasFriend: false })
    const friend = await own.addPerson()
    expect(await seen()).toMatchObject({ hasFriend: true })
    await context.people.change({ userId: friend.id, by: null, change: { disabled: true } })
    expect(await seen()).toMatchObject({ hasFriend: false })
    await own.close()
  })

  it('tells owners of machines what these made for others, in this month and ever', async () => {
    const owner = await addMaker()
    expect((await overview(owner)).given).toBeNull()
    const { key } = await gateway.addKey(owner)
    const gpu = await connectRawAgent({ url: gateway.url, key })
    await gpu.hello({ name: 'giving', services: [{ ...declared('given'), engine: 'openai' }] })
    expect((await overview(owner)).given).toEqual({ thisMonth: 0, total: 0 })
    const { db } = gateway.database
    const provider = await db
      .selectFrom('providers')
      .select('id')
      .where('name', '=', 'giving')
      .executeTakeFirstOrThrow()
    const insert = (user: string, at: number) =>
      db
        .insertInto('usage_images')
        .values({
          asset_id: newId('ast'),
          request_id: 'req',
          user_id: user,
          api_key_id: 'key',
          provider_id: provider.id,
          service_id: 'svc',
          kind: 'generation',
          model: 'given',
          width: 8,
          height: 8,
          generating_ms: 1,
          created_at: at
        })
        .execute()
    const now = Date.now()
    for (const at of [now, now, now - 40 * DAY_MS]) await insert('somebody', at)
    await insert(owner.id, now)
    for (let count = 0; count < 2; count++) {
      expect((await overview(owner)).given).toEqual({ thisMonth: 2, total: 3 })
      await gateway.gateway.context.usage.rollUp()
    }
    await gpu.close()
  })
})
