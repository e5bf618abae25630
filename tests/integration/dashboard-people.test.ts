import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import type { PersonChange, PersonInfo } from '../../src/http/dashboard/contract/admin.ts'
import type { KeyLimits } from '../../src/http/dashboard/contract/keys.ts'
import type { CreatedInvitation } from '../../src/http/dashboard/contract/session.ts'
import { listPeople } from '../../src/people/people-list-store.ts'
import { PASSWORD } from '../../src/people/person-store.ts'
import { callDashboard, type DashboardAnswer, type DashboardError } from '../support/dashboard-calls.ts'
import { SMALL } from '../support/image-calls.ts'
import { plansOf } from '../support/query-plans.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const NO_LIMITS: KeyLimits = {
  imagesPerDay: null,
  imagesPerMonth: null,
  maxActive: null,
  maxPixels: null,
  models: null
}

let gateway: TestGateway
let admin: TestPerson

beforeAll(async () => {
  gateway = await startTestGateway()
  admin = await gateway.addPerson({ role: 'admin' })
  const owner = await gateway.addUser()
  await gateway.addAgent({ key: owner.key, services: [{ concurrency: 2 }] })
})
afterAll(() => gateway.close())

const list = async (): Promise<PersonInfo[]> => {
  const { status, body } = await callDashboard<PersonInfo[]>(gateway, admin, 'people')
  expect(status).toBe(200)
  return body
}
const infoOf = async ({ id }: { id: string }): Promise<PersonInfo | undefined> =>
  (await list()).find((person) => person.id === id)

const change = <T = PersonInfo>(
  { id }: { id: string },
  json: PersonChange | Record<string, unknown>,
  by: Pick<TestPerson, 'cookie'> = admin,
  at = gateway
): Promise<DashboardAnswer<T>> => callDashboard<T>(at, by, `people/${id}`, { method: 'PATCH', json })

const statusFor = async (key: string, path = '/v1/models'): Promise<number> => {
  const response = await gateway.call(path, { key })
  await response.arrayBuffer()
  return response.status
}
const signedIn = async (person: TestPerson): Promise<boolean> =>
  (await callDashboard(gateway, person, 'keys')).status === 200

describe('the list of people', () => {
  it('has everybody with what they made, newest last', async () => {
    const person = await gateway.addPerson({ name: 'Ada' })
    const { key, keyId } = await gateway.addKey(person)
    await gateway.gateway.context.apiKeys.revoke((await gateway.addKey(person)).keyId)
    const response = await gateway.call('/v1/images/generations', { key, json: { ...SMALL, n: 2 } })
    expect(response.status).toBe(200)
    await response.arrayBuffer()
    await gateway.database.db.updateTable('api_keys').set({ last_used_at: 5 }).where('id', '=', keyId).execute()
    expect((await list()).at(-1)).toEqual({
      id: person.id,
      name: 'Ada',
      email: person.email,
      role: 'member',
      createdAt: expect.any(Number) as unknown,
      disabledAt: null,
      canSignIn: true,
      isEmailVouched: true,
      lastSeenAt: expect.any(Number) as unknown,
      limits: NO_LIMITS,
      imagesToday: 2,
      imagesThisMonth: 2,
      keys: 1
    })
    await gateway.gateway.context.usage.rollUp()
    expect(await infoOf(person)).toMatchObject({ imagesToday: 2, imagesThisMonth: 2 })
  })

  it('tells whose address nobody vouched for', async () => {
    const person = await gateway.addPerson({ emailVerified: false })
    expect(await infoOf(person)).toMatchObject({ email: person.email, isEmailVouched: false })
  })

  it('tells who cannot sign in, and who was never seen', async () => {
    const { db } = gateway.database
    const user = await gateway.addUser()
    expect(await infoOf(user)).toMatchObject({ canSignIn: false, lastSeenAt: null, keys: 1 })
    await db.updateTable('api_keys').set({ last_used_at: 7 }).where('user_id', '=', user.id).execute()
    expect(await infoOf(user)).toMatchObject({ lastSeenAt: 7 })
  })

  it('sees whoever has a page open, not only who makes images', async () => {
    const { db, clock } = gateway.database
    const person = await gateway.addPerson()
    const anHourAgo = clock.now() - 3_600_000
    await db.updateTable('sessions').set({ updated_at: anHourAgo }).where('user_id', '=', person.id).execute()
    expect((await infoOf(person))?.lastSeenAt).toBe(anHourAgo)
    await gateway.call('/api/dashboard/session', { headers: { cookie: person.cookie } })
    expect((await infoOf(person))?.lastSeenAt).toBeGreaterThan(clock.now() - 60_000)
  })

  it('asks the same few questions for any number of people, none of which reads what they do not need', async () => {
    const { db } = gateway.database
    const plans = await plansOf(db, (recorded) => listPeople(recorded, { now: 1, ways: [PASSWORD] }))
    // The people themselves are read whole and sorted; everything of theirs is found by an index.
    expect(plans.filter((plan) => /SCAN/.test(plan))).toEqual(['SCAN users'])
  })

  it('and all it does are for admins', async () => {
    const member = await gateway.addPerson()
    expect((await callDashboard(gateway, member, 'people')).status).toBe(403)
    expect((await change(member, { role: 'admin' }, member)).status).toBe(403)
    expect(await infoOf(member)).toMatchObject({ role: 'member' })
    expect((await callDashboard(gateway, { cookie: '' }, 'people')).status).toBe(401)
  })

  it('is kept by no cache, like all that the dashboard answers, refusals and downloads too', async () => {
    const csv = 'organization/usage/images?start_time=0&format=csv'
    const answers = [
      await callDashboard(gateway, admin, 'people'),
      await callDashboard(gateway, admin, 'requests'),
      await callDashboard(gateway, { cookie: '' }, 'people'),
      await callDashboard(gateway, admin, 'nowhere'),
      await gateway.call(`/api/dashboard/${csv}`, { headers: { cookie: admin.cookie } })
    ]
    expect(answers.map(({ status, headers }) => [status, headers.get('cache-control')])).toEqual(
      [200, 200, 401, 404, 200].map((status) => [status, 'no-store'])
    )
  })
})

describe('a role', () => {
  it('counts at once, for sessions and keys', async () => {
    const person = await gateway.addPerson()
    expect((await change(person, { role: 'admin' })).body).toMatchObject({ id: person.id, role: 'admin' })
    expect((await callDashboard(gateway, person, 'people')).status).toBe(200)
    const { key } = await gateway.addKey(person, { scopes: ['generate', 'usage', 'admin'] })
    const metrics = () =>
      gateway.call('/metrics', { key, headers: { 'x-forwarded-for': '1.1.1.1' } }).then(async (response) => {
        await response.arrayBuffer()
        return response.status
      })
    expect(await metrics()).toBe(200)
    await change(person, { role: 'member' })
    expect((await callDashboard(gateway, person, 'people')).status).toBe(403)
    expect(await metrics()).toBe(403)
    expect(await statusFor(key)).toBe(200)
  })
})

describe('somebody who is shut out', () => {
  it('has no session, key or agent from that moment, and gets keys and agents back', async () => {
    const person = await gateway.addPerson()
    const { key } = await gateway.addKey(person)
    const agent = await connectRawAgent({ url: gateway.url, key })
    await agent.hello({ name: 'rig' })
    expect([await signedIn(person), await statusFor(key)]).toEqual([true, 200])

    const { status, body } = await change(person, { disabled: true })
    expect([status, body.disabledAt]).toEqual([200, expect.any(Number)])
    expect([await signedIn(person), await statusFor(key)]).toEqual([false, 401])
    expect(await agent.closed).toBe(4001)
    expect((await change(person, { disabled: true })).body.disabledAt).toBe(body.disabledAt)

    expect((await change(person, { disabled: false })).body.disabledAt).toBeNull()
    expect([await signedIn(person), await statusFor(key)]).toEqual([false, 200])
    expect(await signedIn({ ...person, cookie: await gateway.signIn(person) })).toBe(true)
  })
})

describe('links that an admin made', () => {
  const invite = async ({ id }: { id: string }) =>
    (await gateway.gateway.context.people.invitations.invite({ role: 'admin', createdBy: id })).token
  const statusOf = async (token: string) =>
    (await callDashboard(gateway, { cookie: '' }, 'invitations/look', { json: { token } })).status

  it.each<[string, (person: TestPerson) => Promise<unknown>]>([
    ['becomes a member', (person) => change(person, { role: 'member' })],
    ['is shut out', (person) => change(person, { disabled: true })],
    [
      'is shut out by the CLI',
      ({ id }) => gateway.gateway.context.people.change({ userId: id, by: null, change: { disabled: true } })
    ],
    ['deletes their account', ({ id, email }) => gateway.gateway.context.people.account.remove(id, email)]
  ])('end when the admin %s, those of others do not', async (_what, leave) => {
    const person = await gateway.addPerson({ role: 'admin' })
    const [own, other] = [await invite(person), await invite(admin)]
    expect([await statusOf(own), await statusOf(other)]).toEqual([200, 200])
    await leave(person)
    expect([await statusOf(own), await statusOf(other)]).toEqual([404, 200])
  })

  it('stay when nothing but their limits or their role of an admin is written', async () => {
    const person = await gateway.addPerson({ role: 'admin' })
    const token = await invite(person)
    await change(person, { role: 'admin', disabled: false, limits: NO_LIMITS })
    expect(await statusOf(token)).toBe(200)
  })
})

describe('limits', () => {
  it('count for the next call, by key and in the dashboard, and replace those before', async () => {
    const person = await gateway.addPerson()
    const { key } = await gateway.addKey(person)
    const generate = async () => {
      const byKey = await gateway.call('/v1/images/generations', { key, json: { ...SMALL, async: true } })
      await byKey.arrayBuffer()
      const json = { ...SMALL, async: true }
      return [byKey.status, (await callDashboard(gateway, person, 'images/generations', { json })).status]
    }
    expect(await generate()).toEqual([202, 202])
    const limits = { ...NO_LIMITS, imagesPerDay: 2, models: ['demo'] }
    expect((await change(person, { limits })).body.limits).toEqual(limits)
    expect(await generate()).toEqual([429, 429])
    await change(person, { limits: { ...NO_LIMITS, models: ['another'] } })
    expect(await generate()).toEqual([403, 403])
    expect((await change(person, { limits: NO_LIMITS })).body.limits).toEqual(NO_LIMITS)
    expect(await generate()).toEqual([202, 202])
    await gateway.drain()
  })
})

describe('a change', () => {
  it.each([
    [{}, null],
    [{ role: 'king' }, 'role'],
    [{ disabled: 'perhaps' }, 'disabled'],
    [{ limits: { imagesPerDay: -1 } }, 'limits.imagesPerDay'],
    [{ limits: { imagesPerYear: 5 } }, 'limits.imagesPerYear'],
    [{ role: 'admin', limits: [] }, 'limits'],
    [{ role: 'admin', name: 'Eve' }, 'name']
  ])('like %j is refused whole', async (wrong, param) => {
    const person = await gateway.addPerson()
    const { status, body } = await change<DashboardError>(person, wrong)
    expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_request', param])
    expect(await infoOf(person)).toMatchObject({ role: 'member', disabledAt: null, limits: NO_LIMITS })
  })

  it('of nobody is not found', async () => {
    expect((await change({ id: newId('usr') }, { role: 'admin' })).status).toBe(404)
  })
})

describe('admins', () => {
  it('neither demote nor shut out themselves', async () => {
    for (const wrong of [{ role: 'member' }, { disabled: true }, { disabled: true, role: 'admin' }]) {
      expect((await change<DashboardError>(admin, wrong)).body.error.code, JSON.stringify(wrong)).toBe('conflict')
    }
    expect(await infoOf(admin)).toMatchObject({ role: 'admin', disabledAt: null })
    expect((await change(admin, { role: 'admin', disabled: false, limits: NO_LIMITS })).status).toBe(200)
  })

  it.each<[string, Omit<PersonChange, 'limits'>, Omit<PersonChange, 'limits'>]>([
    ['demote', { role: 'member' }, { role: 'member' }],
    ['shut out', { disabled: true }, { disabled: true }],
    ['demote, and are shut out by,', { role: 'member' }, { disabled: true }]
  ])('who %s each other at once do not leave nobody', async (_what, one, other) => {
    const alone = await startTestGateway()
    const [ada, bob] = [await alone.addPerson({ role: 'admin' }), await alone.addPerson({ role: 'admin' })]
    expect((await change(alone.gateway.admin!, { disabled: true }, ada, alone)).status).toBe(200)
    // Both have been let in already.
    const { people } = alone.gateway.context
    const answers = await Promise.allSettled([
      people.change({ userId: bob.id, by: ada.id, change: one }),
      people.change({ userId: ada.id, by: bob.id, change: other })
    ])
    expect(answers).toEqual([
      { status: 'fulfilled', value: undefined },
      { status: 'rejected', reason: expect.objectContaining({ code: 'conflict' }) as unknown }
    ])
    expect((await people.list({ userId: ada.id }))[0]).toMatchObject({ role: 'admin', disabled_at: null })
    await alone.close()
  })

  it('are not shut out by somebody who has just been demoted', async () => {
    const other = await gateway.addPerson({ role: 'admin' })
    await change(other, { role: 'member' })
    expect((await change(admin, { disabled: true }, other)).status).toBe(403)
    await waitFor(() => signedIn(admin))
  })
})

describe('a link for somebody who is here', () => {
  const linkFor = (id: string, by: Pick<TestPerson, 'cookie'> = admin) =>
    callDashboard<CreatedInvitation & DashboardError>(gateway, by, `people/${id}/link`, { method: 'POST' })
  const accept = (url: string, password: string, email: string) =>
    gateway.call('/api/dashboard/invitations/accept', {
      json: { token: url.split('#')[1], name: 'Somebody', email, password },
      headers: { origin: gateway.url }
    })

  it('sets a new password and ends the sessions there were; only the newest works', async () => {
    const person = await gateway.addPerson()
    const older = await linkFor(person.id)
    const { status, body } = await linkFor(person.id)
    expect(status).toBe(201)
    expect(body.url).toMatch(/\/join#[a-z0-9]{40}$/)
    expect((await accept(older.body.url, 'a new password', person.email)).status).toBe(404)
    expect((await accept(body.url, 'a new password', person.email)).status).toBeLessThan(300)
    expect(await signedIn(person)).toBe(false)
  })

  it('is made by admins alone, for people who are there and not disabled', async () => {
    const person = await gateway.addPerson()
    expect((await linkFor(person.id, await gateway.addPerson())).status).toBe(403)
    expect((await linkFor('usr_nobody')).status).toBe(404)
    await change(person, { disabled: true })
    expect((await linkFor(person.id)).status).toBe(409)
  })
})
