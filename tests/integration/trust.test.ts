import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runAgent } from '../../src/agent/run-agent.ts'
import type { Overview } from '../../src/http/dashboard/contract/account.ts'
import type { ProviderDetail } from '../../src/http/dashboard/contract/network.ts'
import type { ServiceDeclaration } from '../../src/protocol/messages.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { apiErrorOf } from '../support/read-error.ts'
import { startHandWorker, type HandWorker } from '../support/hand-worker.ts'
import {
  agentConfig,
  startTestGateway,
  type TestGateway,
  type TestPerson,
  type TestUser
} from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let admin: TestUser
let caller: TestUser
beforeAll(async () => {
  gateway = await startTestGateway({ strangers: true })
  admin = await gateway.addUser({ role: 'admin' })
  caller = await gateway.addUser()
})
afterAll(() => gateway.close())

const offering = () => gateway.gateway.context.config.offering
let models = 0
const newModel = () => `model-${++models}`

const serviceOf = (model: string, change: Partial<ServiceDeclaration> = {}): Partial<ServiceDeclaration> => ({
  models: [{ id: model, features: ['generate'] }],
  ...change
})

const connect = (user: TestUser, name: string, service: Partial<ServiceDeclaration>): Promise<HandWorker> =>
  startHandWorker(gateway, { key: user.key, name, services: [service] })

const trustOf = (name: string) =>
  gateway.database.db.selectFrom('providers').selectAll().where('name', '=', name).executeTakeFirstOrThrow()
const setTrust = (name: string, trust: 'limited' | 'trusted') =>
  gateway.database.db.updateTable('providers').set({ trust, trust_since: 1 }).where('name', '=', name).execute()

/** Asks for so many images and does not wait. */
async function ask(user: TestUser, model: string, n: number, more = {}): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < n; i++) {
    const response = await gateway.call('/v1/images/generations', {
      key: user.key,
      json: { model, prompt: `a fox ${i}`, async: true, ...more }
    })
    expect(response.status).toBe(202)
    ids.push(((await response.json()) as { id: string }).id)
  }
  return ids
}

const jobOf = async (user: TestUser, id: string) =>
  (await (await gateway.call(`/v1/jobs/${id}`, { key: user.key })).json()) as {
    status: string
    error: { message: string; code: string } | null
  }
const ended = (user: TestUser, id: string) =>
  waitFor(async () => {
    const job = await jobOf(user, id)
    return ['FAILED', 'PROCESSED'].includes(job.status) && job
  })
const modelsOf = async (user: TestUser) => (await user.client.models.list()).data.map(({ id }) => id)

describe('a provider that is new', () => {
  it('serves its owner at once and others when an admin has let it in', async () => {
    const owner = await gateway.addUser()
    const model = newModel()
    const rig = await connect(owner, 'newcomer', serviceOf(model))
    expect(await trustOf('newcomer')).toMatchObject({ trust: 'pending' })
    expect(await modelsOf(owner)).toContain(model)
    expect(await modelsOf(caller)).not.toContain(model)
    const refused = await apiErrorOf(caller.client.images.generate({ model, prompt: 'a fox' }))
    expect(refused).toMatchObject({ status: 404, code: 'no_provider' })
    await ask(owner, model, 1)
    await rig.finish(await rig.next())
    await rig.close()
  })

  it('of an admin is trusted at once', async () => {
    const model = newModel()
    const rig = await connect(admin, 'of an admin', serviceOf(model))
    expect(await modelsOf(caller)).toContain(model)
    expect(await trustOf('of an admin')).toMatchObject({ trust: 'trusted' })
    await rig.close()
  })

  it('waits for approval where everybody may offer, too, when it offers what others serve', async () => {
    offering().providers = 'open'
    const owner = await gateway.addUser()
    const [model, taken] = [newModel(), newModel()]
    const honest = await connect(admin, 'honest', serviceOf(taken))
    const rig = await connect(owner, 'open', serviceOf(model))
    expect(await trustOf('open')).toMatchObject({ trust: 'limited' })
    await rig.close()
    const second = await connect(owner, 'open too', serviceOf(taken))
    expect(await trustOf('open too')).toMatchObject({ trust: 'pending' })
    await second.close()
    // One that was let in for another model does not get that of others by the back door.
    const back = await connect(owner, 'open', serviceOf(taken))
    expect(await trustOf('open')).toMatchObject({ trust: 'pending' })
    await back.close()
    await honest.close()
    offering().providers = 'auto'
  })

  it('makes two at a time for others, so many an hour, and is trusted when it has proven itself', async () => {
    const owner = await gateway.addUser()
    const model = newModel()
    Object.assign(offering(), { newProviderPerHour: 4, newProviderImages: 3, newProviderTimeMs: 0 })
    const rig = await connect(owner, 'limited', serviceOf(model, { concurrency: 1000 }))
    await setTrust('limited', 'limited')
    gateway.database.bell.ring('tasks')
    await ask(caller, model, 6)
    const [first, second] = [await rig.next(), await rig.next()]
    // Its owner is served all the same: so it would have been given a third one by now.
    await ask(owner, model, 1)
    const own = await rig.next()
    expect(rig.assigned()).toHaveLength(3)
    await rig.finish(own)
    await rig.finish(first)
    await rig.finish(second)
    await rig.next()
    const fourth = await rig.next()
    expect(await trustOf('limited')).toMatchObject({ trust: 'limited', trust_images: 2 })
    await rig.finish(fourth)
    expect(await trustOf('limited')).toMatchObject({ trust: 'trusted', trust_by: null })
    await rig.next()
    await rig.close()
    Object.assign(offering(), { newProviderPerHour: 20, newProviderImages: 20, newProviderTimeMs: 86_400_000 })
  })
})

describe('a provider that is new and has made what it may for others within an hour', () => {
  it('says so with its own reason to who waits, before they ask, to its owner and in its terminal', async () => {
    const owner = await gateway.addPerson()
    const { key } = await gateway.addKey(owner, { scopes: ['agent', 'generate'] })
    const model = newModel()
    Object.assign(offering(), { newProviderPerHour: 2, newProviderImages: 30 })
    const accepts = ['provider.standing']
    const rig = await startHandWorker(gateway, { key, name: 'spent', services: [serviceOf(model)], accepts })
    await setTrust('spent', 'limited')
    const { provider_id: id } = await rig.agent.received('gateway.welcome')
    const trustFor = async (person: TestPerson) =>
      (await callDashboard<ProviderDetail>(gateway, person, `providers/${id}`)).body.trust
    const jsonOf = async (path: string) => (await gateway.call(path, { key: caller.key })).json()
    gateway.database.bell.ring('tasks')
    const shared = { images: 2, shared: true, provider: 'spent' }
    expect(await jsonOf(`/v1/models/${model}`)).toMatchObject({ hourly: { ...shared, left: 2 } })
    const given = { atOnce: 2, perHour: 2, images: 30 }
    expect((await trustFor(owner)).given).toMatchObject(given)
    // An open page of the machine follows what an admin sets.
    Object.assign(offering(), { newProviderImages: 31 })
    expect((await trustFor(owner)).given).toMatchObject({ ...given, images: 31 })
    expect(await trustFor(owner)).not.toHaveProperty('spent')
    const [failing] = await ask(caller, model, 1)
    const { attempt_id, token } = await rig.next()
    rig.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'content_rejected', message: 'no' })
    await ended(caller, failing!)
    // What failed is not counted: there are two still.
    expect(await jsonOf(`/v1/models/${model}`)).toMatchObject({ hourly: { ...shared, left: 2 } })
    const ids = await ask(caller, model, 3)
    for (const one of ids.slice(0, 2)) {
      await rig.finish(await rig.next())
      await ended(caller, one)
    }
    const until = expect.any(Number) as number
    const waiting = { reason: 'new_here', until }
    expect(await jsonOf(`/v1/jobs/${ids[2]}`)).toMatchObject({ status: 'QUEUED', waiting })
    expect(await jsonOf(`/v1/models/${model}`)).toMatchObject({ waiting, hourly: { ...shared, left: 0, next: until } })
    const json = { model, prompt: 'at once' }
    const refused = await gateway.call('/v1/images/generations', { key: caller.key, json })
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3500)
    expect(await refused.json()).toMatchObject({
      error: {
        code: 'upstream_busy',
        message: expect.stringMatching(/new here: .* An admin can lift that\. .* at 2/) as string
      }
    })
    expect(await trustFor(owner)).toMatchObject({ state: 'limited', spent: { until } })
    gateway.database.bell.ring('providers')
    const told = /the 2 images .* more in \d+ minutes\. An admin/
    await waitFor(() => rig.agent.messages.some((one) => one.type === 'provider.standing' && told.test(one.note)))
    await gateway.gateway.context.network.decide({ userId: 'operator', role: 'admin' }, id, 'approve')
    await rig.finish(await rig.next())
    await ended(caller, ids[2]!)
    const trusted = await trustFor(owner)
    for (const one of ['spent', 'given']) expect(trusted).not.toHaveProperty(one)
    await rig.close()
    Object.assign(offering(), { newProviderPerHour: 20, newProviderImages: 20 })
  })
})

describe('in the dashboard', () => {
  it('an admin sees who waits, lets them in and shuts them out; others may not', async () => {
    const owner = await gateway.addPerson()
    const boss = await gateway.addPerson({ role: 'admin' })
    const { key } = await gateway.addKey(owner, { scopes: ['agent', 'generate'] })
    const model = newModel()
    const pendingFor = async (person: TestPerson) =>
      (await callDashboard<Overview>(gateway, person, 'overview')).body.providersPending
    const before = await pendingFor(boss)
    const rig = await startHandWorker(gateway, { key, name: 'in the dashboard', services: [serviceOf(model)] })
    const welcome = await rig.agent.received('gateway.welcome')
    expect(welcome.note).toBe(
      "This machine is waiting for an admin's approval to serve others: until then it is for your own requests alone."
    )
    expect(await pendingFor(boss)).toBe(before + 1)
    expect(await pendingFor(owner)).toBe(0)
    const say = (person: TestPerson, word: string) =>
      callDashboard<ProviderDetail>(gateway, person, `providers/${welcome.provider_id}/${word}`, { method: 'POST' })
    for (const word of ['approve', 'block', 'unblock']) expect((await say(owner, word)).status).toBe(403)

    expect((await say(boss, 'unblock')).status).toBe(409)
    const approved = await say(boss, 'approve')
    expect(approved.body).toMatchObject({
      trust: { state: 'limited', since: expect.any(Number) as unknown, isShared: true },
      trustedBy: boss.name
    })
    const onCommandLine = { userId: 'operator', role: 'admin' } as const
    await gateway.gateway.context.network.decide(onCommandLine, welcome.provider_id, 'shutOut')
    await gateway.gateway.context.network.decide(onCommandLine, welcome.provider_id, 'letBack')
    const { body } = await callDashboard<ProviderDetail>(gateway, boss, `providers/${welcome.provider_id}`)
    expect(body.trustedBy).toBe('somebody on the command line of the server')
    expect(await pendingFor(boss)).toBe(before)
    expect(await modelsOf(caller)).toContain(model)
    await ask(caller, model, 1)
    await rig.finish(await rig.next())
    expect((await say(boss, 'block')).body.trust.state).toBe('blocked')
    expect(await modelsOf(caller)).not.toContain(model)
    expect((await say(boss, 'unblock')).body.trust.state).toBe('limited')
    offering().providers = 'admins'
    expect(await modelsOf(caller)).not.toContain(model)
    expect((await say(boss, 'approve')).status).toBe(409)
    offering().providers = 'auto'
    await rig.close()
  })
})

describe('an agent that is connected', () => {
  const approve = (providerId: string) =>
    gateway.gateway.context.network.decide({ userId: 'operator', role: 'admin' }, providerId, 'approve')

  it('hears at once that its machine was let in, and says so once', async () => {
    const owner = await gateway.addUser()
    const said: string[] = []
    const logger = pino(
      { level: 'info' },
      { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) }
    )
    const services = [{ models: [{ id: newModel(), servedAs: 'demo', features: ['generate' as const] }] }]
    const config = agentConfig({ gateway: gateway.url, key: owner.key, name: 'patient', services })
    const agent = runAgent({ config, logger, probing: 'off' })
    await agent.online
    expect(said).toEqual([expect.stringMatching(/waiting for an admin's approval/)])
    // Once more connected, it has nothing new to say.
    await agent.reload(config)
    const row = await gateway.database.db
      .selectFrom('providers')
      .select('id')
      .where('owner_id', '=', owner.id)
      .executeTakeFirstOrThrow()
    await waitFor(() =>
      gateway.gateway.context.registry.sessions().some(({ providerId, epoch }) => providerId === row.id && epoch === 2)
    )
    await approve(row.id)
    await waitFor(() => said.length > 1, 2000)
    expect(said.slice(1)).toEqual([expect.stringMatching(/^This machine was let in: .* This machine is new/)])
    await approve(row.id)
    await waitFor(() => said.length > 2, 2000)
    expect(said.slice(2)).toEqual([expect.stringMatching(/trusted now/)])
    await agent.stop()
  })

  it('hears nothing of it when it is of a version that would not understand, or serves its owner alone', async () => {
    const owner = await gateway.addUser()
    const connectAs = async (name: string, hello: { accepts?: string[]; access?: 'private' }) => {
      const agent = await connectRawAgent({ url: gateway.url, key: owner.key })
      const { accepts, ...service } = hello
      const { provider_id } = await agent.hello({
        name,
        services: [serviceOf(newModel(), service)],
        ...(accepts && { accepts })
      })
      return { agent, id: provider_id }
    }
    const old = await connectAs('old', {})
    const alone = await connectAs('alone', { accepts: ['provider.standing'], access: 'private' })
    const listening = await connectAs('listening', { accepts: ['provider.standing'] })
    for (const { id } of [old, alone, listening]) await approve(id)
    await listening.agent.received('provider.standing')
    for (const { agent } of [old, alone]) {
      expect(agent.messages.map(({ type }) => type)).toEqual(['gateway.welcome'])
    }
    for (const { agent } of [old, alone, listening]) await agent.close()
  })
})

describe('a member who offers what others serve, a thousand at a time', () => {
  it.each(['limited', 'trusted'] as const)(
    'gets no more of 40 prompts than it has shown it can make, once %s',
    async (trust) => {
      const model = newModel()
      const honest = await connect(admin, `honest ${trust}`, serviceOf(model))
      const name = `greedy ${trust}`
      const greedy = await connect(await gateway.addUser(), name, serviceOf(model, { concurrency: 1000 }))
      await setTrust(name, trust)
      const ids = await ask(caller, model, 40)
      await honest.next()
      await waitFor(() => greedy.assigned().length === 1)
      // A look later it still is.
      await ask(admin, model, 1)
      expect(greedy.assigned()).toHaveLength(1)
      await greedy.close()
      await honest.close()
      for (const id of ids) await gateway.call(`/v1/jobs/${id}/cancel`, { key: caller.key, method: 'POST' })
    }
  )
})

describe('a refusal by somebody else', () => {
  const refuse = (
    { agent }: HandWorker,
    { attempt_id, token }: Awaited<ReturnType<HandWorker['next']>>,
    message: string
  ) => agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'content_rejected', message })

  it('counts when a second owner says the same, and is told as their words', async () => {
    const model = newModel()
    const one = await connect(admin, 'one', serviceOf(model))
    const [id] = await ask(caller, model, 1)
    const first = await one.next()
    const other = await gateway.addUser({ role: 'admin' })
    const two = await connect(other, 'two', serviceOf(model))
    refuse(one, first, 'Pay me first.')
    refuse(two, await two.next(), 'No foxes here.')
    const job = await ended(caller, id!)
    expect(job.error).toMatchObject({
      code: 'content_rejected',
      message: 'two says: “No foxes here.” (after 2 attempts)'
    })
    await one.close()
    await two.close()
  })

  it('is undone when a second one makes the image', async () => {
    const model = newModel()
    const one = await connect(admin, 'three', serviceOf(model))
    const [id] = await ask(caller, model, 1)
    const first = await one.next()
    const two = await connect(await gateway.addUser({ role: 'admin' }), 'four', serviceOf(model))
    refuse(one, first, 'Pay me first.')
    await two.finish(await two.next())
    expect((await ended(caller, id!)).status).toBe('PROCESSED')
    expect(one.assigned()).toHaveLength(1)
    await one.close()
    await two.close()
  })

  it("is final at once when nobody else is there, or it is the caller's own machine", async () => {
    const model = newModel()
    const one = await connect(admin, 'five', serviceOf(model))
    const [id] = await ask(caller, model, 1)
    refuse(one, await one.next(), 'No.')
    expect((await ended(caller, id!)).error?.message).toBe('five says: “No.”')
    const two = await connect(await gateway.addUser({ role: 'admin' }), 'six', serviceOf(model))
    const [own] = await ask(admin, model, 1, { inference_club_routing: 'only_own' })
    refuse(one, await one.next(), 'Mine says no.')
    expect((await ended(admin, own!)).error?.message).toBe('five says: “Mine says no.”')
    expect(two.assigned()).toHaveLength(0)
    await one.close()
    await two.close()
  })
})
