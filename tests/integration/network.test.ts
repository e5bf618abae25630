import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NetworkState, ProviderDetail, ProviderInfo } from '../../src/http/dashboard/contract/network.ts'
import type { AttemptFault, ServiceDeclaration } from '../../src/protocol/messages.ts'
import { callJson } from '../support/call-json.ts'
import { type Assigned, type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

type Signed = TestUser & { name: string; cookie: string }

/** Somebody with a key who is signed in, too. */
async function addSomebody(on: TestGateway = gateway, role: 'admin' | 'member' = 'member'): Promise<Signed> {
  const { id, email, name, cookie } = await on.addPerson({ role })
  return { id, email, name, cookie, ...(await on.addKey({ id })) } as Signed
}

/** The calls of the network pages as somebody makes them. */
const pagesOf = ({ cookie }: Pick<Signed, 'cookie'>, on: TestGateway = gateway) => {
  const send = (path: string, method = 'GET') => on.call(`/api/dashboard/${path}`, { method, headers: { cookie } })
  const detail = async (path: string, method?: string) => {
    const answer = await send(path, method)
    expect(answer.status).toBe(200)
    return (await answer.json()) as ProviderDetail
  }
  const network = async () => (await (await send('network')).json()) as NetworkState
  return {
    send,
    network,
    provider: async (id: string): Promise<ProviderInfo | undefined> =>
      (await network()).providers.find((one) => one.id === id),
    view: (id: string) => detail(`providers/${id}`),
    drain: (id: string) => detail(`providers/${id}/drain`, 'POST'),
    resume: (id: string) => detail(`providers/${id}/resume`, 'POST'),
    block: (id: string, userId: string) => detail(`providers/${id}/blocks/${userId}`, 'PUT'),
    unblock: (id: string, userId: string) => detail(`providers/${id}/blocks/${userId}`, 'DELETE'),
    forget: (id: string) => send(`providers/${id}`, 'DELETE')
  }
}

let made = 0
const newModel = () => `model-${++made}`

interface Rig {
  worker: HandWorker
  id: string
  name: string
  model: string
}

/** Somebody's machine for one model, one image at a time unless the service says otherwise. */
async function addRig(
  owner: Signed,
  rig: { model?: string; name?: string; service?: Partial<ServiceDeclaration>; on?: TestGateway } = {}
): Promise<Rig> {
  const { model = newModel(), name = `rig-${++made}`, service = {}, on = gateway } = rig
  const services = [{ name: 'images', models: [{ id: model, features: ['generate' as const] }], ...service }]
  const worker = await startHandWorker(on, { key: owner.key, name, services })
  const { providers } = await pagesOf(owner, on).network()
  return { worker, name, model, id: providers.find((one) => one.name === name)!.id }
}

const fail = (worker: HandWorker, { attempt_id, token }: Assigned, fault: AttemptFault, message = fault as string) =>
  worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault, message })

/** Resolves when the dispatcher has looked at everything that waits since the call. */
async function aRoundPasses(on: TestGateway = gateway): Promise<void> {
  const somebody = await addSomebody(on)
  const { worker, model } = await addRig(somebody, { on })
  await jobCalls(on, somebody).submit({ model })
  await worker.finish(await worker.next())
  await worker.close()
}

describe('a provider that is drained', () => {
  it('finishes what it runs and gets nothing new until it is resumed', async () => {
    const [owner, user] = [await addSomebody(), await addSomebody()]
    const { worker, id, model } = await addRig(owner)
    const jobs = jobCalls(gateway, user)
    const first = await jobs.submit({ model })
    const running = await worker.next()
    const second = await jobs.submit({ model })

    const drained = await pagesOf(owner).drain(id)
    expect(drained.drainedAt).toBeGreaterThan(0)
    expect(drained.isOnline).toBe(true)
    await worker.finish(running)
    expect((await jobs.ended(first)).status).toBe('PROCESSED')
    await aRoundPasses()
    expect(worker.assigned()).toHaveLength(1)
    expect(await jobs.get(second)).toMatchObject({ status: 'QUEUED' })

    expect((await pagesOf(owner).resume(id)).drainedAt).toBeNull()
    await worker.finish(await worker.next())
    expect((await jobs.ended(second)).status).toBe('PROCESSED')
    await worker.close()
  })

  it('is no provider for those who wait, but jobs are taken for it', async () => {
    const [owner, user] = [await addSomebody(), await addSomebody()]
    const { worker, id, model } = await addRig(owner)
    const models = async () => {
      const { body } = await callJson<{ data: { id: string }[] }>(gateway, '/v1/models', { key: user.key })
      return body.data.map((one) => one.id)
    }
    expect(await models()).toContain(model)
    await pagesOf(owner).drain(id)
    expect(await models()).not.toContain(model)
    const json = { model, prompt: 'a fox', size: '32x32' }
    const refused = await gateway.call('/v1/images/generations', { key: user.key, json })
    expect(refused.status).toBe(404)
    expect((await readError(refused)).code).toBe('no_provider')
    const job = await jobCalls(gateway, user).submit({ model })
    expect((await jobCalls(gateway, user).get(job)).eta_seconds).toBeUndefined()
    await pagesOf(owner).resume(id)
    await worker.finish(await worker.next())
    await worker.close()
  })

  it('stays so when its agent connects anew', async () => {
    const owner = await addSomebody()
    const rig = await addRig(owner)
    await pagesOf(owner).drain(rig.id)
    await rig.worker.close()
    const job = await jobCalls(gateway, owner).submit({ model: rig.model })
    const { worker, id } = await addRig(owner, rig)
    expect(id).toBe(rig.id)
    await aRoundPasses()
    expect(worker.assigned()).toEqual([])
    const shown = await pagesOf(owner).provider(id)
    expect(shown).toMatchObject({ isOnline: true })
    expect(shown?.drainedAt).toBeGreaterThan(0)
    await pagesOf(owner).resume(id)
    await worker.finish(await worker.next())
    expect((await jobCalls(gateway, owner).ended(job)).status).toBe('PROCESSED')
    await worker.close()
  })

  it('takes nothing from the moment the call is answered, however many it is being given', async () => {
    const owner = await addSomebody()
    const { worker, id, model } = await addRig(owner, { service: { concurrency: 1000 } })
    const requests = Array.from({ length: 30 }, () => jobCalls(gateway, owner).submit({ model, n: 4 }))
    await worker.next()
    await pagesOf(owner).drain(id)
    const count = async () =>
      (await gateway.database.db.selectFrom('attempts').select('id').where('provider_id', '=', id).execute()).length
    const given = await count()
    await Promise.all([...requests, jobCalls(gateway, owner).submit({ model, n: 4 })])
    await aRoundPasses()
    expect(await count()).toBe(given)
    expect(worker.assigned()).toHaveLength(given)
    for (const attempt of worker.assigned()) await worker.finish(attempt)
    await pagesOf(owner).resume(id)
    await waitFor(() => worker.assigned().length === 31 * 4)
    await worker.close()
    for (const { id: job } of (await jobCalls(gateway, owner).list('?active=1&limit=200')).data) {
      await jobCalls(gateway, owner).cancel(job)
    }
  })

  it('is nothing to wait for: what failed elsewhere is tried there again', async () => {
    const owner = await addSomebody()
    const idle = await addRig(owner)
    await pagesOf(owner).drain(idle.id)
    const { worker } = await addRig(owner, { model: idle.model })
    const job = await jobCalls(gateway, owner).submit({ model: idle.model })
    fail(worker, await worker.next(), 'unreachable')
    await worker.finish(await worker.next())
    expect((await jobCalls(gateway, owner).ended(job)).status).toBe('PROCESSED')
    expect(idle.worker.assigned()).toEqual([])
    await idle.worker.close()
    await worker.close()
  })
})

it('a drain and a block outlive a restart of the gateway', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'network-'))
  const first = await startTestGateway({ dataDir })
  const [owner, user] = [await addSomebody(first), await addSomebody(first)]
  const rig = await addRig(owner, { on: first })
  await pagesOf(owner, first).drain(rig.id)
  await pagesOf(owner, first).block(rig.id, user.id)
  await rig.worker.close()
  await first.close()

  const second = await startTestGateway({ dataDir })
  const { worker } = await addRig(owner, { ...rig, on: second })
  await jobCalls(second, owner).submit({ model: rig.model })
  await aRoundPasses(second)
  expect(worker.assigned()).toEqual([])
  const shown = await pagesOf(owner, second).view(rig.id)
  expect(shown.drainedAt).toBeGreaterThan(0)
  expect(shown.blocked.map(({ id }) => id)).toEqual([user.id])
  await worker.close()
  await second.close()
  await rm(dataDir, { recursive: true })
})

describe('somebody who is blocked', () => {
  it('gets nothing of what waits, at once, while others do and what runs is finished', async () => {
    const [owner, blocked, other] = [await addSomebody(), await addSomebody(), await addSomebody()]
    const { worker, id, model } = await addRig(owner)
    const running = await jobCalls(gateway, blocked).submit({ model })
    const attempt = await worker.next()
    const waiting = await jobCalls(gateway, blocked).submit({ model })
    const others = await jobCalls(gateway, other).submit({ model })
    const { blocked: list } = await pagesOf(owner).block(id, blocked.id)
    expect(list).toMatchObject([{ id: blocked.id, name: blocked.name }])
    await worker.finish(attempt)
    expect((await jobCalls(gateway, blocked).ended(running)).status).toBe('PROCESSED')
    const next = await worker.next()
    await worker.finish(next)
    expect((await jobCalls(gateway, other).ended(others)).status).toBe('PROCESSED')
    await aRoundPasses()
    expect(worker.assigned()).toHaveLength(2)
    const told = await jobCalls(gateway, blocked).get(waiting)
    expect(told).toMatchObject({ status: 'QUEUED', waiting: { reason: 'not_served' } })

    expect((await pagesOf(owner).unblock(id, blocked.id)).blocked).toEqual([])
    await worker.finish(await worker.next())
    expect((await jobCalls(gateway, blocked).ended(waiting)).status).toBe('PROCESSED')
    await worker.close()
  })

  it('is refused with the reason, names nobody, and is served by others', async () => {
    const [owner, second, blocked] = [await addSomebody(), await addSomebody(), await addSomebody()]
    const { worker, id, model } = await addRig(owner)
    await pagesOf(owner).block(id, blocked.id)
    for (const fields of [{}, { async: true }]) {
      const json = { model, prompt: 'a fox', size: '32x32', ...fields }
      const refused = await gateway.call('/v1/images/generations', { key: blocked.key, json })
      expect(refused.status).toBe(404)
      const { code, message, param } = await readError(refused)
      expect({ code, param }).toEqual({ code: 'no_provider', param: 'model' })
      expect(message).toContain(`The owner of the provider that serves '${model}' does not serve your account.`)
      for (const name of [owner.name, owner.email, owner.id]) expect(message).not.toContain(name)
    }
    const { body } = await callJson<{ data: { id: string }[] }>(gateway, '/v1/models', { key: blocked.key })
    expect(body.data.map((one) => one.id)).not.toContain(model)

    const open = await addRig(second, { model })
    const job = await jobCalls(gateway, blocked).submit({ model })
    await open.worker.finish(await open.worker.next())
    expect((await jobCalls(gateway, blocked).ended(job)).attempts.map(({ provider }) => provider)).toEqual([open.name])
    expect(worker.assigned()).toEqual([])
    await worker.close()
    await open.worker.close()
  })

  it('waits for others no longer than for anybody who is away', async () => {
    const own = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_NO_PROVIDER_TIMEOUT: '400ms' } })
    const [owner, blocked, other] = [await addSomebody(own), await addSomebody(own), await addSomebody(own)]
    const { worker, id, model } = await addRig(owner, { on: own })
    await jobCalls(own, owner).submit({ model })
    const busy = await worker.next()
    const [stranded, waiting] = [
      await jobCalls(own, blocked).submit({ model }),
      await jobCalls(own, other).submit({ model })
    ]
    await pagesOf(owner, own).block(id, blocked.id)
    const failed = await jobCalls(own, blocked).ended(stranded)
    expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'no_provider' } })
    expect((await jobCalls(own, other).get(waiting)).status).toBe('QUEUED')
    await worker.finish(busy)
    await worker.close()
    await own.close()
  })
})

describe('who may', () => {
  it('change a provider: its owner and admins, and nobody blocks the owner', async () => {
    const [owner, stranger, admin] = [await addSomebody(), await addSomebody(), await addSomebody(gateway, 'admin')]
    const { worker, id } = await addRig(owner)
    const changes = [
      ['POST', `providers/${id}/drain`],
      ['POST', `providers/${id}/resume`],
      ['PUT', `providers/${id}/blocks/${stranger.id}`],
      ['DELETE', `providers/${id}/blocks/${stranger.id}`],
      ['DELETE', `providers/${id}`]
    ] as const
    const statuses = async (who: Signed | { cookie: string }) => {
      const answers = []
      for (const [method, path] of changes) answers.push((await pagesOf(who).send(path, method)).status)
      return answers
    }
    expect(await statuses(stranger)).toEqual([403, 403, 403, 403, 403])
    expect(await statuses({ cookie: '' })).toEqual([401, 401, 401, 401, 401])
    expect(await statuses(admin)).toEqual([200, 200, 200, 200, 409])
    expect(await statuses(owner)).toEqual([200, 200, 200, 200, 409])
    for (const who of [owner, admin]) {
      const refused = await pagesOf(who).send(`providers/${id}/blocks/${owner.id}`, 'PUT')
      expect(refused.status).toBe(400)
    }
    expect((await pagesOf(owner).send(`providers/${id}/blocks/usr_nobody`, 'PUT')).status).toBe(404)
    expect((await pagesOf(owner).send('providers/prv_unknown/drain', 'POST')).status).toBe(404)
    await worker.close()
  })

  it('see a provider: everybody, unless it is private; and not what concerns others', async () => {
    const [owner, stranger, admin] = [await addSomebody(), await addSomebody(), await addSomebody(gateway, 'admin')]
    const secret = await addRig(owner, { service: { access: 'private' } })
    const listed = await addRig(owner, { service: { access: ['friend@example.org'] } })
    await pagesOf(owner).block(listed.id, stranger.id)
    for (const { cookie } of [owner, admin]) {
      expect((await pagesOf({ cookie }).send(`providers/${secret.id}`)).status).toBe(200)
      expect((await pagesOf({ cookie }).view(listed.id)).blocked).toHaveLength(1)
    }
    expect((await pagesOf(stranger).send(`providers/${secret.id}`)).status).toBe(404)
    expect((await pagesOf(stranger).send(`providers/${secret.id}/drain`, 'POST')).status).toBe(404)
    expect(await pagesOf(stranger).provider(secret.id)).toBeUndefined()
    const seen = await pagesOf(stranger).view(listed.id)
    expect(seen).toMatchObject({ isMine: false, owner: { id: owner.id }, blocked: [], usedBy: [], faults: [] })
    expect(seen.services).toMatchObject([{ name: 'images', access: 'listed', concurrency: 1 }])
    expect(JSON.stringify(seen)).not.toContain('friend@example.org')
    expect((await gateway.call('/api/dashboard/network')).status).toBe(401)
    expect((await gateway.call('/api/dashboard/network', { key: owner.key })).status).toBe(401)
    await secret.worker.close()
    await listed.worker.close()
  })
})

describe('a provider that is forgotten', () => {
  it('says of one that is away why it cannot come back, to its owner and admins', async () => {
    const { id: userId, cookie } = await gateway.addPerson()
    const { key, keyId } = await gateway.addKey({ id: userId })
    const agent = await connectRawAgent({ url: gateway.url, key })
    const { provider_id: id } = await agent.hello({ name: 'revoked', services: [{ name: 'images', models: [] }] })
    expect(await pagesOf({ cookie }).provider(id)).toMatchObject({ isOnline: true, keyEndedAt: null })
    const began = Date.now()
    await gateway.gateway.context.apiKeys.revoke(keyId)
    await agent.closed
    await waitFor(async () => (await pagesOf({ cookie }).provider(id))?.isOnline === false)
    expect((await pagesOf({ cookie }).provider(id))?.keyEndedAt).toBeGreaterThanOrEqual(began)
    expect(await pagesOf(await gateway.addPerson()).provider(id)).toMatchObject({ isOnline: false, keyEndedAt: null })
  })

  it('is shown no more, still named in what it made, and back when its agent connects', async () => {
    const [owner, user] = [await addSomebody(), await addSomebody()]
    const rig = await addRig(owner)
    const job = await jobCalls(gateway, user).submit({ model: rig.model })
    await rig.worker.finish(await rig.worker.next())
    await jobCalls(gateway, user).ended(job)
    await rig.worker.close()
    await waitFor(async () => (await pagesOf(owner).provider(rig.id))?.isOnline === false)
    const gone = await pagesOf(owner).forget(rig.id)
    expect([gone.status, await gone.text()]).toEqual([204, ''])
    expect(await pagesOf(owner).provider(rig.id)).toBeUndefined()
    expect((await pagesOf(owner).send(`providers/${rig.id}`)).status).toBe(404)
    expect((await jobCalls(gateway, user).get(job)).attempts).toMatchObject([{ provider: rig.name }])
    const json = { model: rig.model, prompt: 'a fox', async: true }
    expect((await gateway.call('/v1/images/generations', { key: user.key, json })).status).toBe(404)

    const { worker, id } = await addRig(owner, rig)
    expect(id).toBe(rig.id)
    expect(await pagesOf(user).provider(id)).toMatchObject({ isOnline: true, drainedAt: null })
    await worker.close()
  })
})

describe('the figures', () => {
  let own: TestGateway
  beforeAll(async () => {
    own = await startTestGateway()
  })
  afterAll(() => own.close())

  it('count images, faults and what runs, and tell why a service cools down to those who may know', async () => {
    const [owner, user] = [await addSomebody(own), await addSomebody(own)]
    const admin = await addSomebody(own, 'admin')
    const model = newModel()
    const services = [{ name: 'images', models: [{ id: model, features: ['generate' as const] }] }]
    const worker = await startHandWorker(own, { key: owner.key, name: 'rig', services })
    const jobs = jobCalls(own, user)
    // 512 × 512 pixels each: as seconds per megapixel 10, 40 and 20.
    const body = await plainPng({ width: 512, height: 512 }, [200, 40, 40])
    for (const megapixelMs of [10_000, 40_000, 20_000]) {
      const job = await jobs.submit({ model })
      await worker.finish(await worker.next(), { body, result: { generating_ms: Math.round(megapixelMs * 0.262144) } })
      await jobs.ended(job)
    }
    const rejected = await jobs.submit({ model })
    fail(worker, await worker.next(), 'content_rejected')
    await jobs.ended(rejected)
    const failed = await jobs.submit({ model })
    for (let i = 0; i < 3; i++) fail(worker, await worker.next(), 'out_of_memory')
    expect((await jobs.ended(failed)).status).toBe('FAILED')
    await jobs.submit({ model })
    fail(worker, await worker.next(), 'crashed')
    fail(worker, await worker.next(), 'crashed', 'The image server went away.')
    await worker.next()
    await jobs.submit({ model })

    const state = await pagesOf(user, own).network()
    expect(state).toMatchObject({ running: 1, waiting: 1, imagesToday: 3 })
    const [provider] = state.providers
    expect(provider).toMatchObject({
      name: 'rig',
      owner: { id: owner.id, name: owner.name },
      isMine: false,
      isOnline: true,
      agentVersion: 'test',
      drainedAt: null,
      images: 3,
      imagesToday: 3
    })
    expect(provider?.onlineSince).toBeGreaterThan(0)
    expect(provider?.services).toMatchObject([
      {
        name: 'images',
        type: 'image',
        engine: 'demo',
        access: 'members',
        models: [{ id: model, features: ['generate'] }],
        running: 1,
        succeeded: 3,
        failed: 3,
        cooling: { faultsInRow: 5, lastFault: null }
      }
    ])
    expect(provider?.services[0]?.secondsPerMegapixel).toBeCloseTo(20, 0)

    const id = provider!.id
    for (const [who, seesRequest] of [
      [owner, false],
      [admin, true]
    ] as const) {
      const detail = await pagesOf(who, own).view(id)
      expect(detail.services[0]?.cooling?.lastFault).toEqual({
        reason: 'crashed',
        message: 'The image server went away.'
      })
      // Alike ones stand together, and what was said sets apart.
      expect(detail.faults).toMatchObject([
        { service: 'images', reason: 'crashed', message: 'The image server went away.', times: 1 },
        { service: 'images', reason: 'crashed', message: expect.any(String) as unknown, times: 1 },
        { service: 'images', reason: 'out_of_memory', times: 3 }
      ])
      const singles = detail.faults[2]!.latest
      expect(singles.map(({ requestId }) => requestId)).toEqual(Array(3).fill(seesRequest ? failed : null))
      expect(singles.map(({ at }) => at)).toEqual(singles.map(({ at }) => at).toSorted((a, b) => b - a))
      expect(detail.usedBy).toMatchObject([{ id: user.id, name: user.name, images: 3 }])
      expect(detail.pace.reduce((sum, { images }) => sum + images, 0)).toBe(3)
    }
    expect(await pagesOf(user, own).view(id)).toMatchObject({ faults: [], usedBy: [] })
    await worker.close()
  })
})

describe('what others may have of a machine', () => {
  it('is told everybody, and how much of it is used its owner and admins alone', async () => {
    const [owner, friend] = [await addSomebody(), await addSomebody()]
    const access = [friend.email, 'other@example.org']
    const rig = await addRig(owner, { service: { images_per_hour: 5, images_per_user_hour: 2, concurrency: 2 } })
    const listed = await addRig(owner, { service: { access } })
    const jobs = jobCalls(gateway, friend)
    const job = await jobs.submit({ model: rig.model })
    await rig.worker.finish(await rig.worker.next())
    await jobs.ended(job)
    await jobs.submit({ model: rig.model })
    await rig.worker.next()
    const caps = { imagesPerHour: 5, imagesPerUserHour: 2, listed: null }
    expect((await pagesOf(owner).view(rig.id)).services).toMatchObject([{ ...caps, usedThisHour: 1 }])
    expect((await pagesOf(friend).view(rig.id)).services).toMatchObject([{ ...caps, usedThisHour: null }])
    expect((await pagesOf(owner).view(listed.id)).services).toMatchObject([
      { listed: access, imagesPerHour: null, imagesPerUserHour: null, usedThisHour: null }
    ])
    expect((await pagesOf(friend).view(listed.id)).services).toMatchObject([{ access: 'listed', listed: null }])
    // The friend has had both, one of which is still being made.
    const usedUp = async (somebody: typeof owner) => (await pagesOf(somebody).view(rig.id)).services[0]?.usedUp
    expect(await usedUp(friend)).toEqual({ until: expect.any(Number), beingMade: 1, isOwnShare: true })
    expect([await usedUp(owner), await usedUp(await addSomebody())]).toEqual([null, null])
    await Promise.all([rig.worker.close(), listed.worker.close()])
  })
})
