import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sweepOrphans } from '../../src/assets/sweep-orphans.ts'
import { eraseAccounts } from '../../src/app/erase-accounts.ts'
import { toIsoSecond } from '../../src/lib/clock.ts'
import { newId } from '../../src/lib/ids.ts'
import type { AccountInfo } from '../../src/http/dashboard/contract/account.ts'
import type { PersonInfo } from '../../src/http/dashboard/contract/admin.ts'
import type { RequestDetail } from '../../src/http/dashboard/contract/requests.ts'
import { eraseRequests } from '../../src/requests/erase-requests.ts'
import { createBrowser } from '../support/browser.ts'
import { callDashboard, type DashboardError } from '../support/dashboard-calls.ts'
import { SMALL } from '../support/image-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { connectRawAgent } from '../support/raw-agent.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  const owner = await gateway.addUser()
  await gateway.addAgent({ key: owner.key, services: [{ concurrency: 2 }] })
  await gateway.addAgent({
    key: owner.key,
    name: 'snail',
    services: [
      {
        models: [{ id: 'slow', servedAs: 'slow', features: ['generate'] }],
        options: { step_time: '10s' },
        concurrency: 2
      }
    ]
  })
})
afterAll(() => gateway.close())

const accountOf = async (person: Pick<TestPerson, 'cookie'>): Promise<AccountInfo> => {
  const { status, body } = await callDashboard<AccountInfo>(gateway, person, 'account')
  expect(status).toBe(200)
  return body
}
const isSignedIn = async (person: Pick<TestPerson, 'cookie'>) =>
  (await callDashboard(gateway, person, 'account')).status === 200
const remove = (person: Pick<TestPerson, 'cookie'>, json: unknown, at = gateway) =>
  callDashboard<DashboardError | undefined>(at, person, 'account', { method: 'DELETE', json })

describe('an account', () => {
  it('tells who somebody is, how they sign in and where they have', async () => {
    const person = await gateway.addPerson({ name: 'Ada' })
    const account = await accountOf(person)
    expect(account).toEqual({
      id: person.id,
      name: 'Ada',
      email: person.email,
      role: 'member',
      hasPassword: true,
      createdAt: expect.any(Number) as unknown,
      visibility: null,
      keepDays: null,
      keepBytes: null,
      adminsLook: true,
      clubKeeps: { ms: null, bytes: null },
      limits: { imagesPerDay: null, imagesPerMonth: null, maxActive: null, maxPixels: null, models: null },
      images: { total: 0, today: 0, thisMonth: 0, onTheWay: 0 },
      linked: [],
      sessions: [
        {
          id: expect.stringMatching(/^sgn_/) as unknown,
          isThis: true,
          createdAt: expect.any(Number) as unknown,
          lastSeenAt: expect.any(Number) as unknown,
          userAgent: null
        }
      ]
    })
    await gateway.database.db
      .insertInto('accounts')
      .values({
        id: newId('acc'),
        user_id: person.id,
        provider_id: 'github',
        account_id: '7',
        created_at: 9,
        updated_at: 9
      })
      .execute()
    expect((await accountOf(person)).linked).toEqual([{ provider: 'github', linkedAt: 9 }])
  })

  it('has another name', async () => {
    const person = await gateway.addPerson()
    const rename = (json: unknown) =>
      callDashboard<AccountInfo & DashboardError>(gateway, person, 'account', { method: 'PATCH', json })
    expect((await rename({ name: '  Grace Hopper ' })).body).toMatchObject({ id: person.id, name: 'Grace Hopper' })
    for (const name of ['', ' ', 'x'.repeat(101), 'red\u001b[31m', 7, undefined]) {
      const { status, body } = await rename({ name })
      expect([status, body.error.param], JSON.stringify(name)).toEqual([400, 'name'])
    }
    expect((await rename({ name: 'Eve', role: 'admin' })).status).toBe(400)
    expect(await accountOf(person)).toMatchObject({ name: 'Grace Hopper', role: 'member' })
  })
})

describe('sessions', () => {
  it('end one by one', async () => {
    const person = await gateway.addPerson()
    const browser = createBrowser(gateway)
    const { email, password } = person
    const signIn = await browser.call('/api/auth/sign-in/email', {
      json: { email, password },
      headers: { 'user-agent': 'Netscape' }
    })
    expect(signIn.status).toBe(200)
    const other = (await accountOf(person)).sessions.find(({ isThis }) => !isThis)
    expect(other?.userAgent).toBe('Netscape')
    const end = (id = '', by: Pick<TestPerson, 'cookie'> = person) =>
      callDashboard(gateway, by, `account/sessions/${id}`, { method: 'DELETE' })

    const stranger = await gateway.addPerson()
    expect((await end(other?.id, stranger)).status).toBe(404)
    expect(await isSignedIn({ cookie: browser.cookie() })).toBe(true)
    expect((await end(other?.id)).status).toBe(204)
    expect(await isSignedIn({ cookie: browser.cookie() })).toBe(false)
    expect((await end(other?.id)).status).toBe(404)
    expect((await accountOf(person)).sessions).toHaveLength(1)
  })

  it('end all but this one', async () => {
    const person = await gateway.addPerson()
    const others = [await gateway.signIn(person), await gateway.signIn(person)]
    const stranger = await gateway.addPerson()
    const { status } = await callDashboard(gateway, person, 'account/sessions/end-others', { method: 'POST' })
    expect(status).toBe(204)
    expect(
      await Promise.all([...others, person.cookie, stranger.cookie].map((cookie) => isSignedIn({ cookie })))
    ).toEqual([false, false, true, true])
  })
})

describe('deleting an account', () => {
  /** Rows that hold an id, by table; what stays of somebody who is gone is in none. */
  const rowsOf = async (userId: string, at = gateway): Promise<Record<string, number>> => {
    const { db } = at.database
    const count = async (rows: Promise<unknown[]>) => (await rows).length
    const ofUser = (table: 'requests' | 'tasks' | 'api_keys' | 'accounts' | 'sessions' | 'batches') =>
      count(db.selectFrom(table).select('id').where('user_id', '=', userId).execute())
    return {
      requests: await ofUser('requests'),
      tasks: await ofUser('tasks'),
      keys: await ofUser('api_keys'),
      accounts: await ofUser('accounts'),
      sessions: await ofUser('sessions'),
      batches: await ofUser('batches'),
      assets: await count(db.selectFrom('assets').select('id').where('owner_id', '=', userId).execute()),
      deliveries: await count(db.selectFrom('webhook_deliveries').select('id').where('user_id', '=', userId).execute()),
      idempotency: await count(db.selectFrom('idempotency_keys').select('key').where('user_id', '=', userId).execute()),
      invitations: await count(db.selectFrom('invitations').select('id').where('created_by', '=', userId).execute()),
      blocks: await count(db.selectFrom('provider_blocks').select('user_id').where('user_id', '=', userId).execute())
    }
  }
  const isErased = async (userId: string, at = gateway) =>
    Object.values(await rowsOf(userId, at)).every((rows) => rows === 0)
  const usageOf = async (reader: { key: string }, userId: string) => {
    const yesterday = Math.floor(Date.now() / 1000) - 86_400
    const query = `start_time=${yesterday}&group_by=user_id&user_ids=${userId}`
    const response = await gateway.call(`/v1/organization/usage/images?${query}`, { key: reader.key })
    expect(response.status).toBe(200)
    return response.text()
  }

  it('needs their address, and the session of a member or admin', async () => {
    const person = await gateway.addPerson()
    for (const email of ['', 'somebody@example.org', undefined, 7]) {
      const { status, body } = await remove(person, { email })
      expect([status, body?.error.param], JSON.stringify(email)).toEqual([400, 'email'])
    }
    expect((await remove(person, undefined)).status).toBe(400)
    expect(await isSignedIn(person)).toBe(true)
    expect((await remove({ cookie: '' }, { email: person.email })).status).toBe(401)
  })

  it('leaves nothing of them but numbers', async () => {
    const person = await gateway.addPerson({ name: 'Ada Lovelace' })
    const { key, keyId } = await gateway.addKey(person)
    const jobs = jobCalls(gateway, { key })
    const before = await storedFiles(gateway.dataDir)
    const done = await jobs.submit({ model: 'demo', n: 2, webhook_url: 'https://example.invalid/secret' })
    const batch = { requests: [{ endpoint: '/v1/images/generations', body: SMALL }] }
    const sent = await gateway.call('/v1/batches', { key, json: batch, headers: { 'idempotency-key': 'one' } })
    expect(sent.status, await sent.text()).toBe(202)
    await waitFor(async () => (await jobs.get(done)).status === 'PROCESSED')
    await gateway.drain()
    const running = await jobs.submit({ model: 'slow' })
    await waitFor(async () => (await jobs.get(running)).status === 'PROCESSING')
    const url = (await jobs.get(done)).result?.data[0]?.url ?? ''
    expect((await fetch(`${url}?width=64`)).status).toBe(200)
    const reader = await gateway.addUser({ role: 'admin', scopes: ['usage'] })
    const usage = await usageOf(reader, person.id)
    expect(usage).toContain('"images":3')

    expect((await remove(person, { email: person.email.toUpperCase() })).status).toBe(204)
    expect(await isSignedIn(person)).toBe(false)
    const listed = await gateway.call('/v1/models', { key })
    expect([listed.status, await listed.text()]).toEqual([401, expect.anything()])
    await waitFor(() => isErased(person.id))
    await waitFor(async () => (await storedFiles(gateway.dataDir)).join() === before.join())
    expect((await fetch(url)).status).toBe(404)
    expect(await usageOf(reader, person.id)).toContain('"images":3')
    expect(usage).not.toContain(person.email)

    const user = await gateway.database.db.selectFrom('users').selectAll().where('id', '=', person.id).execute()
    expect(JSON.stringify(user)).not.toMatch(/Ada|example\.org/)
    expect(await gateway.gateway.context.users.findUserByEmail(person.id)).toBeUndefined()
    expect(await gateway.gateway.context.apiKeys.find(keyId)).toBeUndefined()
  })

  it('frees their address, and nobody sees them among the people any more', async () => {
    const admin = await gateway.addPerson({ role: 'admin' })
    const person = await gateway.addPerson()
    await remove(person, { email: person.email })
    const people = async () => (await callDashboard<PersonInfo[]>(gateway, admin, 'people')).body
    expect((await people()).filter(({ id }) => id === person.id)).toEqual([])
    const again = { method: 'PATCH', json: { disabled: false } }
    expect((await callDashboard(gateway, admin, `people/${person.id}`, again)).status).toBe(404)
    await expect(
      gateway.gateway.context.people.change({ userId: person.id, by: null, change: { disabled: false } })
    ).rejects.toMatchObject({ code: 'not_found' })
    const newcomer = await gateway.gateway.context.users.addUser({ ...person, role: 'member' })
    expect(newcomer?.email).toBe(person.email)
    const failed = await createBrowser(gateway).call('/api/auth/sign-in/email', {
      json: { email: person.email, password: person.password }
    })
    expect(failed.status).toBe(401)
  })

  it('cuts their agents off, and what others had of them stays readable', async () => {
    const person = await gateway.addPerson({ name: 'Lender' })
    const { key } = await gateway.addKey(person)
    const models = [{ id: 'lent', servedAs: 'demo', features: ['generate' as const] }]
    await gateway.addAgent({ key, name: 'the-bedroom', services: [{ models, description: 'under my bed' }] })
    const agent = await connectRawAgent({ url: gateway.url, key })
    const { provider_id: kitchen } = await agent.hello({ name: 'the-kitchen' })

    const guest = await gateway.addPerson()
    const jobs = jobCalls(gateway, await gateway.addKey(guest))
    const id = await jobs.submit({ model: 'lent' })
    await waitFor(async () => (await jobs.get(id)).status === 'PROCESSED')
    const block = { method: 'PUT' }
    const blocked = await callDashboard(gateway, person, `providers/${kitchen}/blocks/${guest.id}`, block)
    expect(blocked.status).toBe(200)

    await remove(person, { email: person.email })
    expect(await agent.closed).toBe(4001)
    await waitFor(
      async () => !(await gateway.gateway.context.providers.listOffers({ seenSince: 0, model: 'lent' })).length
    )
    await waitFor(() => isErased(person.id))
    const { body } = await callDashboard<RequestDetail>(gateway, guest, `requests/${id}`)
    expect(body).toMatchObject({ status: 'succeeded', providers: [expect.stringMatching(/^deleted \w+$/)] })
    const { db } = gateway.database
    const left = [
      await db.selectFrom('providers').selectAll().where('owner_id', '=', person.id).execute(),
      await db.selectFrom('services').selectAll().where('description', 'is not', null).execute(),
      await db.selectFrom('provider_blocks').selectAll().execute()
    ]
    expect(JSON.stringify(left)).not.toMatch(/bedroom|kitchen|my bed/)
    expect(left[2]).toEqual([])
    expect(left[0]?.length).toBe(2)
  })

  it('is not for the last admin, also when two go at once', async () => {
    const alone = await startTestGateway()
    const { people } = alone.gateway.context
    const [ada, bob] = [await alone.addPerson({ role: 'admin' }), await alone.addPerson({ role: 'admin' })]
    await people.change({ userId: alone.gateway.admin!.id, by: ada.id, change: { disabled: true } })
    const answers = await Promise.allSettled([
      people.account.remove(ada.id, ada.email),
      people.account.remove(bob.id, bob.email)
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    const { status, body } = await remove(bob, { email: bob.email }, alone)
    expect([status, body?.error.code]).toEqual([409, 'conflict'])
    expect((await callDashboard(alone, bob, 'account')).status).toBe(200)
    await alone.close()
  })

  it('is not for the last admin who can sign in, whoever else is called one', async () => {
    const alone = await startTestGateway()
    const ada = await alone.addPerson({ role: 'admin' })
    // The admin of the first start, whom nobody has claimed, and one with a key alone.
    await alone.addUser({ role: 'admin' })
    // One who signed in by a provider that is not set up any more.
    const former = await alone.addPerson({ role: 'admin' })
    const { db } = alone.database
    await db.updateTable('accounts').set({ provider_id: 'github' }).where('user_id', '=', former.id).execute()
    const { status, body } = await remove(ada, { email: ada.email }, alone)
    expect([status, body?.error.code]).toEqual([409, 'conflict'])
    await alone.addPerson({ role: 'admin' })
    expect((await remove(ada, { email: ada.email }, alone)).status).toBe(204)
    await alone.close()
  })

  it('twice at once is done once', async () => {
    const person = await gateway.addPerson()
    const { account } = gateway.gateway.context.people
    await Promise.all([account.remove(person.id, person.email), account.remove(person.id, person.email)])
    await waitFor(() => isErased(person.id))
  })

  it('goes on after a crash in the middle, and no image stays behind', async () => {
    const person = await gateway.addPerson()
    const { key, keyId } = await gateway.addKey(person)
    const jobs = jobCalls(gateway, { key })
    const { context } = gateway.gateway
    const { database } = context
    const before = await storedFiles(gateway.dataDir)
    const id = await jobs.submit({ model: 'demo', n: 2, steps: 2 })
    await gateway.drain()
    const now = Date.now()
    // More than are removed at a time.
    const made = await database.db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const more = Array.from({ length: 22 }, () => ({ ...made, id: newId('req'), created_at: now + 1 }))
    await database.db.insertInto('requests').values(more).execute()
    // As after the promise: no bell rings, for the process is about to die.
    await database.db
      .updateTable('users')
      .set({ deleted_at: now, disabled_at: now })
      .where('id', '=', person.id)
      .execute()
    // What an agent of theirs is told.
    expect(await context.apiKeys.findEnd(keyId)).toBe(
      `This API key is of an account that was deleted at ${toIsoSecond(now)}.`
    )
    const dying = new AbortController()
    const assets = { ...context.assets, remove: async () => dying.abort() }
    await eraseRequests({ ...context, assets }, { userId: person.id, signal: dying.signal })
    // The rows of a slice have gone without their bytes, the others are there.
    expect(await rowsOf(person.id)).toMatchObject({ requests: 3, assets: 0, keys: 1 })
    expect(await storedFiles(gateway.dataDir)).toHaveLength(before.length + 2)

    await eraseAccounts(context, new AbortController().signal)
    expect(await isErased(person.id)).toBe(true)
    const { store, assetStore } = context
    await sweepOrphans({ store, assets: assetStore, clock: gateway.database.clock, quarantineMs: 86_400_000 })
    expect(await storedFiles(gateway.dataDir)).toEqual(before)
  })

  it('of somebody who leaves very much does not hold up the others', async () => {
    const [slow, quick] = [await gateway.addPerson(), await gateway.addPerson()]
    const { context } = gateway.gateway
    const { db } = gateway.database
    const now = Date.now()
    await db
      .updateTable('users')
      .set({ deleted_at: now, disabled_at: now })
      .where('id', 'in', [slow.id, quick.id])
      .execute()
    const erased: string[] = []
    const erase: typeof context.requests.erase = async ({ userId, signal }) => {
      if (userId === slow.id) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      else erased.push(userId)
    }
    const parts = { ...context, requests: { ...context.requests, erase } }
    expect(await eraseAccounts(parts, new AbortController().signal, 20)).toBe(true)
    expect(erased).toContain(quick.id)
    expect(await eraseAccounts(context, new AbortController().signal)).toBe(false)
  })

  it('takes along what came in from a connection that was open', async () => {
    const person = await gateway.addPerson()
    await remove(person, { email: person.email })
    await waitFor(() => isErased(person.id))
    const { apiKeys } = gateway.gateway.context
    const late = await apiKeys.create({ userId: person.id, name: 'late' })
    await expect(apiKeys.authenticate(late.secret)).rejects.toMatchObject({ code: 'invalid_api_key' })
    gateway.database.bell.ring('accounts')
    await waitFor(() => isErased(person.id))
  })
})
