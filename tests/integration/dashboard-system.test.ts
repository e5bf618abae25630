import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeliveryPage, ErrorGroup, ErrorList, SystemState } from '../../src/http/dashboard/contract/admin.ts'
import { newId } from '../../src/lib/ids.ts'
import { VERSION } from '../../src/lib/version.ts'
import { listRecentFailures } from '../../src/request-views/failed-request-store.ts'
import { listDeliveries } from '../../src/webhooks/webhook-store.ts'
import { connectFor, ended, submit } from '../support/agent-work.ts'
import { callDashboard, type DashboardError } from '../support/dashboard-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { plansOf, wasteful } from '../support/query-plans.ts'
import { startTestGateway, type TestGateway, type TestPerson, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { addPainters, createWebhookCalls, PRIVATE_ADDRESSES, queueDelivery } from '../support/webhook-calls.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

let gateway: TestGateway
let admin: TestPerson
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway({ env: PRIVATE_ADDRESSES })
  admin = await gateway.addPerson({ role: 'admin' })
  user = await gateway.addUser()
  await addPainters(gateway)
})
afterAll(() => gateway.close())

const call = <T>(path: string, by: Pick<TestPerson, 'cookie'> = admin, init = {}) =>
  callDashboard<T>(gateway, by, path, init)

async function system(): Promise<SystemState> {
  const { status, body } = await call<SystemState>('system')
  expect(status).toBe(200)
  return body
}

it.each(['system', 'errors'])('%s is for admins', async (path) => {
  expect((await call(path, await gateway.addPerson())).status).toBe(403)
  expect((await call(path, { cookie: '' })).status).toBe(401)
})

describe('the state of the system', () => {
  it('tells how it is doing', async () => {
    const jobs = jobCalls(gateway, user)
    await jobs.submit({ model: 'demo', n: 2, steps: 2 })
    await gateway.drain()
    const waiting = await jobs.submit({ model: 'asleep', n: 3 })
    const state = await system()
    expect(state).toMatchObject({
      version: VERSION,
      queue: { waiting: 3, running: 0 },
      agentsOnline: 1,
      storage: { outputs: { images: 2 }, inputs: { images: 0, bytes: 0 } },
      problems: []
    })
    const created = (await jobs.get(waiting)).created
    expect(Math.floor((state.queue.oldestWaitingAt ?? 0) / 1000)).toBe(created)
    expect(state.startedAt).toBeLessThanOrEqual(Date.now())
    const positive = [
      state.memory.rss,
      state.memory.heapUsed,
      state.database.bytes,
      state.storage.outputs.bytes,
      state.storage.freeBytes ?? 0
    ]
    for (const number of positive) expect(number).toBeGreaterThan(1000)
    for (const ms of [state.database.pingMs, state.eventLoop.meanMs, state.eventLoop.p99Ms]) {
      expect(ms).toBeGreaterThanOrEqual(0)
    }
  })

  it('tells of images that nobody will make', async () => {
    const old = Date.now() - 16 * 60_000
    await gateway.database.db.updateTable('tasks').set({ queued_at: old }).where('model', '=', 'asleep').execute()
    const { problems, queue } = await system()
    expect(queue.oldestWaitingAt).toBe(old)
    expect(problems).toEqual([expect.stringContaining("'asleep'")])
    await gateway.database.db.updateTable('tasks').set({ queued_at: Date.now() }).execute()
    expect((await system()).problems).toEqual([])
  })

  it('tells of webhooks that were given up within a day', async () => {
    const { db, clock } = gateway.database
    const id = await queueDelivery(gateway.database, user, 'https://example.invalid/')
    const giveUp = (next_try_at: number) =>
      db.updateTable('webhook_deliveries').set({ state: 'failed', next_try_at }).where('id', '=', id).execute()
    await giveUp(clock.now() - 1000)
    expect((await system()).problems).toEqual([expect.stringContaining('1 webhook delivery')])
    await giveUp(clock.now() - 2 * 86_400_000)
    expect((await system()).problems).toEqual([])
  })

  it('tells of a folder that cannot be written', async () => {
    const inTheWay = join(gateway.dataDir, '.readiness')
    await mkdir(inTheWay)
    const told = /^Requests cannot be served: .*EISDIR/
    await waitFor(async () => told.test((await system()).problems[0] ?? ''))
    await rmdir(inTheWay)
    expect((await system()).problems).toEqual([])
  })
})

describe('errors', () => {
  const DAY_MS = 86_400_000
  const listAll = async (query = ''): Promise<ErrorList> => {
    const { status, body } = await call<ErrorList>(`errors${query}`)
    expect(status).toBe(200)
    return body
  }
  const list = async (query = ''): Promise<ErrorGroup[]> => (await listAll(query)).groups
  const failure = (part: {
    model: string
    finished_at: number
    error_message?: string
    error_reason?: string
    error_machines?: string
  }) => ({
    id: newId('req'),
    user_id: user.id,
    api_key_id: user.keyId,
    kind: 'generation',
    state: 'failed' as const,
    is_async: 1,
    prompt: '',
    parameters: '{}',
    n: 1,
    created_at: 1,
    warnings: '[]',
    error_code: 'no_provider',
    error_message: 'gone',
    ...part
  })

  it('are everybody’s, those alike once, with whom they concern and where they were', async () => {
    const owner = await gateway.addUser()
    const agent = await connectFor(gateway, owner, 'broken')
    const ids: string[] = []
    const done: string[] = []
    for (let count = 0; count < 2; count++) {
      const id = await submit(user, 'broken')
      const { attempt_id, token } = await agent.received('attempt.assigned', (sent) => !done.includes(sent.attempt_id))
      done.push(attempt_id)
      agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'bad_request', message: 'Not like this.' })
      expect((await ended(user, id)).status).toBe('FAILED')
      ids.unshift(id)
    }
    await agent.close()
    const [latest] = await list()
    expect(latest).toEqual({
      code: 'invalid_request',
      message: expect.stringMatching(/^rig \d+ says: “Not like this\.”$/) as unknown,
      model: 'broken',
      worker: { provider: expect.stringMatching(/^rig/) as unknown, service: expect.any(String) as unknown },
      times: 2,
      latest: ids.map((requestId) => ({
        requestId,
        at: expect.any(Number) as unknown,
        owner: { id: user.id, name: user.email }
      }))
    })
  })

  it('are told apart by what went wrong and by the model, the latest first, ten of each one by one', async () => {
    const { db } = gateway.database
    const at = Date.now() + 1_000_000
    const rows = Array.from({ length: 60 }, (_, index) =>
      failure({
        model: `m${index % 2}`,
        error_message: index % 3 === 0 ? 'gone' : 'away',
        finished_at: at - index
      })
    )
    await db.insertInto('requests').values(rows).execute()
    const found = (await list()).slice(0, 4)
    expect(found.map(({ model, message, times }) => [model, message, times])).toEqual([
      ['m0', 'gone', 10],
      ['m1', 'away', 20],
      ['m0', 'away', 20],
      ['m1', 'gone', 10]
    ])
    for (const { model, message, latest } of found) {
      const expected = rows.filter((row) => row.model === model && row.error_message === message).slice(0, 10)
      expect(latest.map(({ requestId }) => requestId)).toEqual(expected.map(({ id }) => id))
    }
    expect(found[0]).toMatchObject({ code: 'no_provider', worker: null })
    await db.deleteFrom('requests').where('model', 'in', ['m0', 'm1']).execute()
  })

  it('are those of the last seven days, or of as many as are asked for', async () => {
    const { db } = gateway.database
    const now = Date.now()
    const agoes = { hour: DAY_MS / 24, days: 3 * DAY_MS, weeks: 20 * DAY_MS, months: 60 * DAY_MS }
    for (const [name, ago] of Object.entries(agoes)) {
      await db
        .insertInto('requests')
        .values(failure({ model: `ago ${name}`, finished_at: now - ago }))
        .execute()
    }
    const seen = async (query: string) =>
      (await list(query)).map(({ model }) => model).filter((model) => model.startsWith('ago '))
    expect(await seen('?days=1')).toEqual(['ago hour'])
    expect(await seen('')).toEqual(['ago hour', 'ago days'])
    expect(await seen('?days=30')).toEqual(['ago hour', 'ago days', 'ago weeks'])
    await db.deleteFrom('requests').where('model', 'like', 'ago %').execute()
  })

  it('are at most a hundred groups, of the newest two thousand failures', async () => {
    const { db } = gateway.database
    const at = Date.now() + 1_000_000
    const many = Array.from({ length: 2001 }, (_, index) => failure({ model: 'many', finished_at: at - index }))
    for (let from = 0; from < many.length; from += 500) {
      await db
        .insertInto('requests')
        .values(many.slice(from, from + 500))
        .execute()
    }
    const only = await list()
    expect(only.map(({ model, times }) => [model, times])).toEqual([['many', 2000]])
    await db.deleteFrom('requests').where('model', '=', 'many').execute()
    const different = Array.from({ length: 101 }, (_, index) => failure({ model: `many ${index}`, finished_at: at }))
    await db.insertInto('requests').values(different).execute()
    expect(await list()).toHaveLength(100)
    await db.deleteFrom('requests').where('model', 'like', 'many %').execute()
  })

  it('are no limits of an hour that were reached: those are told apart, with the machines that had reached them', async () => {
    const { db } = gateway.database
    const at = Date.now() + 1_000_000
    const owner = await gateway.addPerson({ name: 'Olga' })
    const machine = async (name: string) => {
      const id = newId('prv')
      const row = { id, owner_id: owner.id, name, epoch: 1, connected_at: 1, online_until: 1, last_seen_at: 1 }
      await db.insertInto('providers').values(row).execute()
      return id
    }
    const [attic, den] = [await machine('attic'), await machine('den')]
    const of = (back: number, error_reason: string, machines?: readonly string[]) =>
      failure({
        model: 'limited',
        finished_at: at - back,
        error_message: `There may be more at ${back}.`,
        error_reason,
        error_machines: JSON.stringify(machines ?? [])
      })
    const rows = [
      of(0, 'capped', [attic]),
      of(1, 'new_here', [attic, den]),
      of(2, 'capped', [attic]),
      of(3, 'capped', ['prv_gone']),
      of(4, 'paused', [attic]),
      failure({ model: 'limited', finished_at: at - 5 })
    ]
    await db.insertInto('requests').values(rows).execute()
    const { groups, limits } = await listAll()
    const named = (id: string, name: string) => ({ id, name, owner: { id: owner.id, name: 'Olga' } })
    const latest = (...indexes: number[]) =>
      indexes.map((index) => ({
        requestId: rows[index]?.id,
        at: rows[index]?.finished_at,
        owner: { id: user.id, name: user.email }
      }))
    expect(limits).toEqual([
      { reason: 'capped', model: 'limited', machines: [named(attic, 'attic')], times: 2, latest: latest(0, 2) },
      {
        reason: 'new_here',
        model: 'limited',
        machines: [named(attic, 'attic'), named(den, 'den')],
        times: 1,
        latest: latest(1)
      },
      { reason: 'capped', model: 'limited', machines: [], times: 1, latest: latest(3) }
    ])
    const faults = groups.filter(({ model }) => model === 'limited')
    expect(faults.map((group) => group.latest)).toEqual([latest(4), latest(5)])
    await db.deleteFrom('requests').where('model', '=', 'limited').execute()
    await db.deleteFrom('providers').where('id', 'in', [attic, den]).execute()
  })

  it('are not crowded out by limits that were reached, of which the newest two thousand are looked at', async () => {
    const { db } = gateway.database
    const at = Date.now() + 1_000_000
    const many = Array.from({ length: 2001 }, (_, index) =>
      failure({ model: 'limited', finished_at: at - index, error_reason: 'capped' })
    )
    for (let from = 0; from < many.length; from += 500) {
      const some = many.slice(from, from + 500)
      await db.insertInto('requests').values(some).execute()
    }
    await db
      .insertInto('requests')
      .values(failure({ model: 'faulty', finished_at: at - 5000 }))
      .execute()
    const { groups, limits } = await listAll()
    expect(groups[0]).toMatchObject({ model: 'faulty', times: 1 })
    expect(limits).toMatchObject([{ model: 'limited', machines: [], times: 2000 }])
    expect(limits[0]?.latest).toHaveLength(10)
    await db.deleteFrom('requests').where('model', 'in', ['limited', 'faulty']).execute()
  })

  it.each([
    ['faults', 'requests_faulty'],
    ['limits', 'requests_limited']
  ] as const)('are read from an index of their own, without those of the other kind: %s', async (kind, index) => {
    const plans = await plansOf(gateway.database.db, (db) => listRecentFailures(db, { since: 5, kind }).execute())
    expect(plans.join()).toContain(`${index} (state=? AND finished_at>?)`)
    expect(plans.join()).toContain('attempts_by_request')
    expect(plans.filter((plan) => plan.includes('TEMP B-TREE'))).toEqual([])
  })

  it.each(['days=5', 'days=0', 'days=seven', 'cursor=5', 'owner=me'])('are not to be had with %s', async (query) => {
    const { status, body } = await call<DashboardError>(`errors?${query}`)
    expect([status, body.error.param]).toEqual([400, query.split('=')[0]])
  })
})

describe('webhook deliveries', () => {
  const deliveries = async (by: Pick<TestPerson, 'cookie'>): Promise<DeliveryPage['items']> => {
    const { status, body } = await call<DeliveryPage>('webhook-deliveries', by)
    expect(status).toBe(200)
    return body.items
  }
  const redeliver = (by: Pick<TestPerson, 'cookie'>, id: string) =>
    call<DeliveryPage['items'][number]>(`webhook-deliveries/${id}/redeliver`, by, { method: 'POST' })

  it('are one’s own, for admins everybody’s, and tell the host alone', async () => {
    const receiver = await startWebhookReceiver()
    const webhooks = createWebhookCalls(gateway)
    const person = await gateway.addPerson({ name: 'Ada' })
    const stranger = await gateway.addPerson()
    const key = { id: person.id, email: person.email, ...(await gateway.addKey(person)) }
    const job = await webhooks.submit(key as never, `${receiver.url}/hooks/secret?token=secret`)
    await webhooks.delivery(key as never, job, { status: 'DELIVERED' })

    const [own, ...others] = await deliveries(person)
    expect(others).toEqual([])
    expect(own).toEqual({
      id: expect.stringMatching(/^whd_/) as unknown,
      requestId: job,
      owner: { id: person.id, name: 'Ada' },
      eventType: 'image.completed',
      host: `127.0.0.1:${receiver.port}`,
      state: 'delivered',
      tries: 1,
      lastStatus: 204,
      lastError: null,
      createdAt: expect.any(Number) as unknown,
      nextTryAt: null,
      deliveredAt: expect.any(Number) as unknown
    })
    expect(await deliveries(stranger)).toEqual([])
    expect(await deliveries(admin)).toContainEqual(own)

    const id = own?.id ?? ''
    expect((await redeliver(stranger, id)).status).toBe(404)
    const again = await redeliver(person, id)
    expect([again.status, again.body]).toEqual([
      202,
      expect.objectContaining({ id, state: 'pending', host: own?.host, nextTryAt: expect.any(Number) as unknown })
    ])
    await waitFor(() => receiver.received.length === 2)
    await webhooks.delivery(key as never, job, { status: 'DELIVERED' })
    expect((await redeliver(admin, id)).status).toBe(202)
    await waitFor(() => receiver.received.length === 3)
    await receiver.close()
  })

  it('are paged, newest first', async () => {
    const person = await gateway.addPerson()
    const made = { id: person.id, keyId: 'key_of_nobody' }
    const ids: string[] = []
    const { database } = gateway
    for (let count = 0; count < 55; count++)
      ids.push(await queueDelivery(database, made as never, 'https://a.invalid/'))
    const first = await call<DeliveryPage>('webhook-deliveries', person)
    const second = await call<DeliveryPage>(`webhook-deliveries?cursor=${first.body.next}`, person)
    expect([first.body.items.length, second.body.items.length, second.body.next]).toEqual([50, 5, null])
    const found = [...first.body.items, ...second.body.items]
    expect(found.map(({ id }) => id).sort()).toEqual(ids.sort())
    const times = found.map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted((a, b) => b - a))
  })

  it('of everybody are read from an index', async () => {
    const after = { created_at: 5, id: 'x' }
    const plans = await plansOf(gateway.database.db, (db) =>
      listDeliveries(db, { userId: undefined, limit: 50, after })
    )
    expect(wasteful(plans)).toEqual([])
  })
})
