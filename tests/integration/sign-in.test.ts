import { DAY_MS } from '../../src/lib/durations.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SessionInfo } from '../../src/http/dashboard/contract/session.ts'
import { type Browser, cookieIn, createBrowser } from '../support/browser.ts'
import { runProgram } from '../support/run-program.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const COOKIE = 'inference-club.session_token'

let gateway: TestGateway
/** Believes its proxy, and lets people in by themselves. */
let proxied: TestGateway
const logged: string[] = []

beforeAll(async () => {
  gateway = await startTestGateway({
    env: { INFERENCE_CLUB_LIMITS_SIGN_IN_TRIES: '1000' },
    logger: pino({ level: 'trace' }, { write: (line) => void logged.push(line) })
  })
  proxied = await startTestGateway({
    env: {
      INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1',
      INFERENCE_CLUB_REGISTRATION: 'open',
      INFERENCE_CLUB_LIMITS_SIGN_IN_TRIES: '3'
    }
  })
})
afterAll(async () => {
  await gateway.close()
  await proxied.close()
})

interface AuthError {
  code: string
  message: string
}
interface Session {
  person: { id: string } | null
}

it('is told as impossible to anybody until the first can, and is then as always', async () => {
  const fresh = await startTestGateway()
  const isUnclaimed = async (browser = createBrowser(fresh)) =>
    (await browser.call<SessionInfo>('/api/dashboard/session')).body.signIn.isUnclaimed
  expect(await isUnclaimed()).toBe(true)
  // An account without a way in is nobody's yet.
  await fresh.addUser({ role: 'admin' })
  expect(await isUnclaimed()).toBe(true)
  const person = await fresh.addPerson({ role: 'admin' })
  expect(await isUnclaimed()).toBe(false)
  expect(await isUnclaimed(withCookie(fresh, person))).toBe(false)
  await fresh.close()
})

const signIn = (browser: Browser, { email, password }: { email: string; password: string }, headers = {}) =>
  browser.call<AuthError>('/api/auth/sign-in/email', { json: { email, password }, headers })
const personOf = async (browser: Browser) => (await browser.call<Session>('/api/dashboard/session')).body.person
const withCookie = (at: TestGateway, { cookie }: Pick<TestPerson, 'cookie'>) =>
  createBrowser(at, new Map([[COOKIE, cookie.slice(COOKIE.length + 1)]]))
const sessionsOf = ({ id }: { id: string }, at = gateway) =>
  at.database.db.selectFrom('sessions').selectAll().where('user_id', '=', id).execute()

describe('what the sign-in logs', () => {
  it('calls nothing an error that a caller has sent wrong, and quotes little of it', async () => {
    const before = logged.length
    for (const errorCallbackURL of ['n', 'n'.repeat(2000)]) {
      const json = { provider: 'github', errorCallbackURL }
      expect((await createBrowser(gateway).call('/api/auth/sign-in/social', { json })).status).toBe(403)
    }
    const lines = logged.slice(before).map((line) => JSON.parse(line) as { level: number; msg: string })
    const quoted = lines.filter(({ msg }) => msg.startsWith('sign-in: '))
    expect(quoted.map(({ msg }) => msg.length)).toEqual([36, 309])
    expect(lines.filter(({ level }) => level >= 50)).toEqual([])
  })
})

describe('signing in', () => {
  it('works with the right password, in any case of the address', async () => {
    const { id, email, password } = await gateway.addPerson()
    const browser = createBrowser(gateway)
    const { status, headers } = await signIn(browser, { email: email.toUpperCase(), password })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(await personOf(browser)).toMatchObject({ id, email, role: 'member' })
    expect((await browser.call('/api/dashboard/models')).status).toBe(200)
  })

  it('says the same to a wrong password and to an unknown address', async () => {
    const { email } = await gateway.addPerson()
    const browser = createBrowser(gateway)
    const wrong = await signIn(browser, { email, password: 'wrong horse battery' })
    const unknown = await signIn(browser, { email: 'nobody@example.org', password: 'wrong horse battery' })
    // Somebody who has only keys.
    const { email: keyHolder } = await gateway.addUser()
    const without = await signIn(browser, { email: keyHolder, password: 'wrong horse battery' })
    expect([wrong.status, unknown.status, without.status]).toEqual([401, 401, 401])
    expect(unknown.body).toEqual(wrong.body)
    expect(without.body).toEqual(wrong.body)
    expect(wrong.body.code).toBe('INVALID_EMAIL_OR_PASSWORD')
    expect(browser.cookie()).toBe('')
  })

  it('is nobody’s with a token whose signature is wrong', async () => {
    const person = await gateway.addPerson()
    const [session] = await sessionsOf(person)
    for (const value of [session!.token, `${session!.token}.AAAA`, `${session!.token}.`, '', '.']) {
      const browser = createBrowser(gateway, new Map([[COOKIE, value]]))
      expect(await personOf(browser)).toBeNull()
      expect((await browser.call('/api/auth/list-sessions')).status).toBe(401)
    }
  })

  it('outlives the gateway', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'inference-club-sign-in-'))
    const first = await startTestGateway({ dataDir })
    const person = await first.addPerson()
    await first.close()
    const second = await startTestGateway({ dataDir })
    expect(await personOf(withCookie(second, person))).toMatchObject({ id: person.id })
    await second.close()
    await rm(dataDir, { recursive: true })
  })

  it('lasts 30 days from the last visit', async () => {
    const person = await gateway.addPerson()
    const { db, clock } = gateway.database
    const browser = withCookie(gateway, person)
    const visit = () => browser.call<Session>('/api/dashboard/session')
    expect(cookieIn((await visit()).headers, COOKIE)).toBeUndefined()

    const age = (days: number) =>
      db
        .updateTable('sessions')
        .set({ expires_at: clock.now() + (30 - days) * DAY_MS })
        .where('user_id', '=', person.id)
    await age(20).execute()
    expect(cookieIn((await visit()).headers, COOKIE)?.attributes).toContain(`Max-Age=${30 * 86_400}`)
    const [renewed] = await sessionsOf(person)
    expect(renewed!.expires_at).toBeGreaterThan(clock.now() + 29 * DAY_MS)

    await age(30).execute()
    expect((await visit()).body.person).toBeNull()
    await gateway.gateway.context.people.dropExpired()
    expect(await sessionsOf(person)).toEqual([])
  })
})

describe('the cookie', () => {
  const attributesOf = async (at: TestGateway, headers: Record<string, string>, name: string) => {
    const answer = await signIn(createBrowser(at), await at.addPerson(), headers)
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie()).toHaveLength(1)
    return cookieIn(answer.headers, name)?.attributes.sort()
  }
  const PLAIN = ['HttpOnly', 'Max-Age=2592000', 'Path=/', 'SameSite=Lax']

  it('is for this site alone, and no script sees it', async () => {
    expect(await attributesOf(gateway, {}, COOKIE)).toEqual(PLAIN)
  })

  it('is secure exactly where the page came by https', async () => {
    const https = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'club.example.org' }
    const secure = [...PLAIN, 'Secure'].sort()
    const origin = 'https://club.example.org'
    expect(await attributesOf(proxied, { ...https, origin }, `__Host-${COOKIE}`)).toEqual(secure)
    expect(await attributesOf(proxied, {}, COOKIE)).toEqual(PLAIN)
    // Who is not a trusted proxy cannot say so.
    const untrusted = await signIn(createBrowser(gateway), await gateway.addPerson(), { ...https, origin })
    expect(untrusted.status).toBe(403)
  })

  it('counts over https by its protected name alone, which no other host can set', async () => {
    const https = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'club.example.org' }
    const person = await proxied.addPerson()
    const jar = new Map<string, string>()
    await signIn(createBrowser(proxied, jar), person, { ...https, origin: 'https://club.example.org' })
    const value = jar.get(`__Host-${COOKIE}`)!
    const personBy = async (name: string, headers: Record<string, string>) => {
      const browser = createBrowser(proxied, new Map([[name, value]]))
      return (await browser.call<Session>('/api/dashboard/session', { headers })).body.person
    }
    expect(await personBy(`__Host-${COOKIE}`, https)).toMatchObject({ id: person.id })
    expect(await personBy(COOKIE, https)).toBeNull()
    expect(await personBy(`__Secure-${COOKIE}`, https)).toBeNull()
    expect(await personBy(`__Host-${COOKIE}`, {})).toBeNull()
  })

  it('follows the configured address', async () => {
    const env = { INFERENCE_CLUB_PUBLIC_URL: 'https://club.example.org/images/' }
    const behind = await startTestGateway({ env })
    const person = await behind.addPerson()
    expect((await signIn(createBrowser(behind), person)).status).toBe(403)
    const browser = createBrowser(behind)
    const answer = await signIn(browser, person, { origin: 'https://club.example.org' })
    expect(answer.status).toBe(200)
    expect(cookieIn(answer.headers, `__Secure-${COOKIE}`)?.attributes).toContain('Secure')
    expect(await personOf(browser)).toMatchObject({ id: person.id })
    await behind.close()
  })
})

describe('a call that changes something', () => {
  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a sandbox', { origin: 'null' }],
    ['another port of this host', { origin: 'http://127.0.0.1:1' }],
    ['another site, by its fetch metadata', { 'sec-fetch-site': 'cross-site' }],
    ['another host of this site', { 'sec-fetch-site': 'same-site' }],
    ['nowhere', {}]
  ])('is refused when it comes from %s', async (_, headers) => {
    const person = await gateway.addPerson()
    const before = await sessionsOf(person)
    for (const path of ['/api/auth/sign-in/email', '/api/auth/sign-out', '/api/auth/change-password']) {
      const response = await gateway.call(path, {
        json: { email: person.email, password: person.password },
        headers: { cookie: person.cookie, ...headers }
      })
      expect(response.status).toBe(403)
      expect(((await response.json()) as AuthError).code).toBe('permission_denied')
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect(await sessionsOf(person)).toEqual(before)
  })

  it('is refused from origins that only the environment of the process trusts', async () => {
    process.env.BETTER_AUTH_TRUSTED_ORIGINS = 'https://evil.example'
    const misled = await startTestGateway()
    const answer = await signIn(createBrowser(misled), await misled.addPerson(), { origin: 'https://evil.example' })
    expect(answer.status).toBe(403)
    await misled.close()
    delete process.env.BETTER_AUTH_TRUSTED_ORIGINS
  })
})

describe('tries', () => {
  const PASSWORD = 'wrong horse battery'
  let addresses = 0
  const from = () => ({ 'x-forwarded-for': `198.51.100.${++addresses}` })
  const attempt = async (email: string, headers: Record<string, string>, password = PASSWORD) =>
    (await signIn(createBrowser(proxied), { email, password }, headers)).status

  it('for one account are limited, whatever address they come from', async () => {
    const { email, password } = await proxied.addPerson()
    expect([await attempt(email, from()), await attempt(email, from()), await attempt(email, from())]).toEqual([
      401, 401, 401
    ])
    const late = await signIn(createBrowser(proxied), { email, password }, from())
    expect(late.status).toBe(429)
    expect(late.body).toEqual({
      code: 'rate_limit_exceeded',
      message: 'Too many tries to sign in. Wait a few minutes, then try again.'
    })
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(200)
    expect(await attempt(email.toUpperCase(), from(), password)).toBe(429)
    const { email: other, password: right } = await proxied.addPerson()
    expect(await attempt(other, from(), right)).toBe(200)
  })

  it('for nobody’s account are limited alike', async () => {
    const email = 'nobody-at-all@example.org'
    const all = [await attempt(email, from()), await attempt(email, from()), await attempt(email, from())]
    expect([...all, await attempt(email, from())]).toEqual([401, 401, 401, 429])
  })

  it('from one address are limited, whatever account they are for', async () => {
    const here = from()
    const { email, password } = await proxied.addPerson()
    const all = []
    for (const name of ['a', 'b', 'c']) all.push(await attempt(`${name}.unknown@example.org`, here))
    expect(all).toEqual([401, 401, 401])
    expect(await attempt(email, here, password)).toBe(429)
    expect(await attempt(email, from(), password)).toBe(200)
  })

  it('do not pass together', async () => {
    const here = from()
    const all = await Promise.all([1, 2, 3, 4, 5].map((n) => attempt(`at-once-${n}@example.org`, here)))
    expect(all.sort()).toEqual([401, 401, 401, 429, 429])
  })

  it('that succeed do not count', async () => {
    const here = from()
    const { email, password } = await proxied.addPerson()
    for (let i = 0; i < 5; i++) expect(await attempt(email, here, password)).toBe(200)
  })
})

describe('signing out', () => {
  it('ends this session and no other', async () => {
    const person = await gateway.addPerson()
    const [here, there] = [withCookie(gateway, person), createBrowser(gateway)]
    const stolen = withCookie(gateway, person)
    expect((await signIn(there, person)).status).toBe(200)
    expect((await here.call('/api/auth/sign-out', { json: {} })).status).toBe(200)
    expect(here.cookie()).toBe('')
    expect(await personOf(stolen)).toBeNull()
    expect(await personOf(there)).toMatchObject({ id: person.id })
  })

  it('elsewhere is possible from a list', async () => {
    const person = await gateway.addPerson()
    const [here, there] = [withCookie(gateway, person), createBrowser(gateway)]
    await signIn(there, person, { 'user-agent': 'a tablet' })
    const { body } =
      await here.call<{ token: string; userAgent: string; ipAddress: string }[]>('/api/auth/list-sessions')
    expect(body).toHaveLength(2)
    const tablet = body.find(({ userAgent }) => userAgent === 'a tablet')!
    expect(tablet.ipAddress).toBe('127.0.0.1')
    await here.call('/api/auth/revoke-session', { json: { token: tablet.token } })
    expect(await personOf(there)).toBeNull()
    await signIn(there, person)
    await here.call('/api/auth/revoke-other-sessions', { json: {} })
    expect([await personOf(there), await personOf(here)]).toMatchObject([null, { id: person.id }])
  })
})

describe('a new password', () => {
  it('needs the old one, and can end the other sessions', async () => {
    const person = await gateway.addPerson()
    const [here, there] = [withCookie(gateway, person), withCookie(gateway, { cookie: await gateway.signIn(person) })]
    const change = (currentPassword: string, newPassword = 'another horse') =>
      here.call<AuthError>('/api/auth/change-password', {
        json: { currentPassword, newPassword, revokeOtherSessions: true }
      })
    expect(await change('wrong horse battery')).toMatchObject({ status: 400, body: { code: 'INVALID_PASSWORD' } })
    expect(await change(person.password, 'short')).toMatchObject({ status: 400, body: { code: 'PASSWORD_TOO_SHORT' } })
    expect((await change(person.password)).status).toBe(200)
    expect([await personOf(there), await personOf(here)]).toMatchObject([null, { id: person.id }])
    expect((await signIn(createBrowser(gateway), person)).status).toBe(401)
    const { email } = person
    expect((await signIn(createBrowser(gateway), { email, password: 'another horse' })).status).toBe(200)
  })
})

describe('somebody who is disabled', () => {
  it('is out at once, with their keys, until they are let in again', async () => {
    const { people } = gateway.gateway.context
    const person = await gateway.addPerson()
    const { key } = await gateway.addKey(person)
    const browser = withCookie(gateway, person)
    const useKey = async () => (await gateway.call('/v1/models', { key })).status
    expect([(await personOf(browser))?.id, await useKey()]).toEqual([person.id, 200])

    await people.change({ userId: person.id, by: null, change: { disabled: true } })
    expect([await personOf(browser), await useKey()]).toEqual([null, 401])
    expect(await signIn(createBrowser(gateway), person)).toMatchObject({
      status: 403,
      body: { code: 'account_disabled' }
    })
    expect(await signIn(createBrowser(gateway), { ...person, password: 'wrong horse battery' })).toMatchObject({
      status: 401,
      body: { code: 'INVALID_EMAIL_OR_PASSWORD' }
    })

    await people.change({ userId: person.id, by: null, change: { disabled: false } })
    expect(await personOf(browser)).toBeNull()
    expect([(await signIn(browser, person)).status, await useKey()]).toEqual([200, 200])
    const ofNobody = { userId: 'usr_nobody', by: null, change: { disabled: true } }
    await expect(people.change(ofNobody)).rejects.toMatchObject({ code: 'not_found' })
  })

  it.each(['by an admin', 'by whoever runs the server'])(
    'is told so where they were in, %s, and nobody else is',
    async (by) => {
      const { people } = gateway.gateway.context
      const [person, admin] = [await gateway.addPerson(), await gateway.addPerson({ role: 'admin' })]
      const { key } = await gateway.addKey(person)
      const [open, stranger] = [withCookie(gateway, person), createBrowser(gateway)]
      const isToldIn = async (browser: typeof open) =>
        (await browser.call<{ isShutOut: boolean }>('/api/dashboard/session')).body.isShutOut
      const toldByKey = async (secret: string) => (await gateway.call('/v1/models', { key: secret })).text()
      const shutOut = async (disabled: boolean) => {
        const changed = { userId: person.id, change: { disabled } }
        await people.change({ ...changed, by: by === 'by an admin' ? admin.id : null })
      }
      expect([await isToldIn(open), await isToldIn(stranger)]).toEqual([false, false])
      await shutOut(true)
      expect([await isToldIn(open), await isToldIn(stranger)]).toEqual([true, false])
      expect(await toldByKey(key)).toContain('an account that an admin has shut out. Ask an admin.')
      expect(await toldByKey(`${key}x`)).toContain('missing, unknown')
      const right = JSON.stringify(await signIn(createBrowser(gateway), person))
      expect(right).toContain('ask an admin')
      const wrong = { ...person, password: 'wrong horse battery' }
      const nobody = { ...wrong, email: 'nobody@example.org' }
      const [{ status, body }, ofNobody] = [
        await signIn(createBrowser(gateway), wrong),
        await signIn(createBrowser(gateway), nobody)
      ]
      expect({ status, body }).toEqual({ status: ofNobody.status, body: ofNobody.body })
      await shutOut(false)
      expect(await isToldIn(open)).toBe(false)
      expect(await personOf(open)).toBeNull()
    }
  )

  it('signs in anew when let in again, however long a session was to last that was being renewed as they were shut out', async () => {
    const { people } = gateway.gateway.context
    const [person, admin] = [await gateway.addPerson(), await gateway.addPerson({ role: 'admin' })]
    const change = (disabled: boolean) => people.change({ userId: person.id, by: admin.id, change: { disabled } })
    await change(true)
    const { db } = gateway.database
    const later = Date.now() + 3_600_000
    await db.updateTable('sessions').set({ expires_at: later }).where('user_id', '=', person.id).execute()
    await change(false)
    expect(await personOf(withCookie(gateway, person))).toBeNull()
    expect((await signIn(createBrowser(gateway), person)).status).toBe(200)
  })

  it('loses the connections of their agents', async () => {
    const owner = await gateway.addUser()
    const agent = await gateway.addAgent({ key: owner.key, services: [{}] })
    await gateway.gateway.context.people.change({ userId: owner.id, by: null, change: { disabled: true } })
    await expect(agent.finished).rejects.toThrow()
  })

  const club = (...args: string[]) => runProgram(args, { env: { INFERENCE_CLUB_DATA_DIR: gateway.dataDir } })

  it('by the command line is out within a second', async () => {
    const person = await gateway.addPerson()
    const { key } = await gateway.addKey(person)
    const useKey = async () => (await gateway.call('/v1/models', { key })).status
    expect(await useKey()).toBe(200)
    const told = { code: 0, stderr: '' }
    expect(await club('users', 'disable', person.email)).toEqual({ ...told, stdout: `${person.email} is shut out.\n` })
    expect(await personOf(withCookie(gateway, person))).toBeNull()
    await waitFor(async () => (await useKey()) === 401, 1000)
    expect(await club('users', 'enable', person.email)).toEqual({
      ...told,
      stdout: `${person.email} is let in again.\n`
    })
    await waitFor(async () => (await useKey()) === 200, 1000)
  })

  it('by the command line stays so since the first time, and it says where nothing has changed', async () => {
    const [person, other] = [await gateway.addPerson(), await gateway.addPerson()]
    const { people } = gateway.gateway.context
    const since = async () => (await people.list({ userId: person.id }))[0]?.disabled_at
    await people.change({ userId: person.id, by: null, change: { disabled: true } })
    const before = await since()
    // Each is a process of its own: together they wait for a busy machine once.
    const [again, link, enabled, ofNobody] = await Promise.all([
      club('users', 'disable', person.email),
      club('users', 'link', person.email),
      club('users', 'enable', other.email),
      club('users', 'disable', 'nobody@example.org')
    ])
    expect(again).toMatchObject({
      code: 0,
      stdout: `${person.email} was shut out already: nothing has changed.\n`
    })
    expect([before, await since()]).toEqual([expect.any(Number), before])
    expect(link).toMatchObject({ code: 1, stdout: '' })
    expect(enabled).toMatchObject({ code: 0, stdout: `${other.email} was not shut out: nothing has changed.\n` })
    expect(await personOf(withCookie(gateway, other))).not.toBeNull()
    expect(ofNobody).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('registration', () => {
  const NEW = { name: 'Mara', password: 'a new horse' }
  const signUp = (at: TestGateway, json: object, headers = {}) =>
    createBrowser(at).call<AuthError>('/api/auth/sign-up/email', { json, headers })

  it('is closed unless it is opened, and then tells nothing', async () => {
    const { email } = await gateway.addPerson()
    const known = await signUp(gateway, { ...NEW, email })
    const unknown = await signUp(gateway, { ...NEW, email: 'mara.new@example.org' })
    expect([known.status, unknown.status]).toEqual([403, 403])
    expect(known.body).toEqual(unknown.body)
    expect(await gateway.gateway.context.users.findUserByEmail('mara.new@example.org')).toBeUndefined()
  })

  it('when open makes a member who is signed in', async () => {
    const browser = createBrowser(proxied)
    const { status } = await browser.call('/api/auth/sign-up/email', {
      json: { ...NEW, email: 'Mara@Example.org', role: 'admin', emailVerified: true },
      headers: { 'x-forwarded-for': '203.0.113.1' }
    })
    expect(status).toBe(200)
    expect(await personOf(browser)).toMatchObject({ name: 'Mara', email: 'mara@example.org', role: 'member' })
    expect(await proxied.gateway.context.users.findUserByEmail('mara@example.org')).toMatchObject({ email_verified: 0 })
    const again = await signUp(proxied, { ...NEW, email: 'mara@example.org' }, { 'x-forwarded-for': '203.0.113.2' })
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
    expect(again.headers.getSetCookie()).toEqual([])
  })

  it('refuses what could not sign in afterwards, however often', async () => {
    const { email, ...rest } = { ...NEW, email: 'ok@example.org' }
    for (const wrong of [
      { ...rest },
      { ...rest, email: 'not an address' },
      { ...rest, email: 'mara@localhost' },
      { ...rest, email, password: 'short' },
      { ...rest, email, password: 'x'.repeat(129) },
      { ...rest, email, name: ' ' },
      { ...rest, email, name: 'red\u001b[31m' },
      { ...rest, email, name: 5 }
    ]) {
      const { status, body } = await signUp(proxied, wrong, { 'x-forwarded-for': '203.0.113.3' })
      expect([status, body.code]).toEqual([400, 'invalid_request'])
    }
  })

  it('is limited by address, accounts that were made included', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.99' }
    const statuses = []
    for (const n of [1, 2, 3, 4]) {
      statuses.push((await signUp(proxied, { ...NEW, email: `many-${n}@example.org` }, headers)).status)
    }
    expect(statuses).toEqual([200, 200, 200, 429])
  })
})

describe('the other endpoints of better-auth', () => {
  it.each([
    'POST /request-password-reset',
    'POST /reset-password',
    'POST /verify-email',
    'POST /delete-user',
    'POST /change-email',
    'POST /send-verification-email',
    'POST /get-access-token',
    'POST /refresh-token',
    'POST /sign-in/email/',
    'POST /sign-in/%65mail',
    'GET /error',
    'GET /ok',
    'GET /reference',
    'GET '
  ])('%s is not there', async (endpoint) => {
    const [method, path = ''] = endpoint.split(' ')
    const { cookie, email, password } = await gateway.addPerson()
    const answer = await withCookie(gateway, { cookie }).call<AuthError>(`/api/auth${path}`, {
      method: method!,
      ...(method === 'POST' && { json: { email, password } })
    })
    expect([answer.status, answer.body.code]).toEqual([404, 'not_found'])
  })

  it.each([
    ['GET /sign-in/email', 'POST'],
    ['POST /get-session', 'GET']
  ])('%s is another method than is there', async (endpoint, allow) => {
    const [method, path = ''] = endpoint.split(' ')
    const answer = await gateway.call(`/api/auth${path}`, { method: method!, headers: { origin: gateway.url } })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, expect.stringContaining(allow)])
  })

  it('let nobody change more than their name', async () => {
    const person = await gateway.addPerson()
    const browser = withCookie(gateway, person)
    const json = {
      name: 'Ada',
      image: 'https://evil.example/pixel',
      role: 'admin',
      emailVerified: true,
      email: 'x@y.zz'
    }
    expect((await browser.call('/api/auth/update-user', { json })).status).toBe(200)
    for (const name of [undefined, 7, '', ' ', 'x'.repeat(101), 'red\u001b[31m']) {
      expect((await browser.call('/api/auth/update-user', { json: { name } })).status).toBe(400)
    }
    const { db } = gateway.database
    expect(await db.selectFrom('users').selectAll().where('id', '=', person.id).executeTakeFirst()).toMatchObject({
      name: 'Ada',
      image: null,
      role: 'member',
      email: person.email
    })
  })

  it('refuse bodies that are large, or no JSON, in their own shape', async () => {
    const origin = gateway.url
    const post = async (body: string, type = 'application/json') => {
      const response = await gateway.call('/api/auth/sign-in/email', {
        method: 'POST',
        body,
        headers: { origin, 'content-type': type }
      })
      const error = (await response.json()) as AuthError
      expect(Object.keys(error).sort()).toEqual(['code', 'message'])
      return [response.status, error.code]
    }
    expect(await post(JSON.stringify({ email: 'x'.repeat(65_536) }))).toEqual([413, 'request_too_large'])
    expect(await post('{')).toEqual([400, 'invalid_json'])
    expect(await post('email=a', 'application/x-www-form-urlencoded')).toEqual([415, 'unsupported_media_type'])
    expect((await post('[]'))[0]).toBe(400)
    expect((await post('{"email":{"a":1},"password":["b"]}'))[0]).toBe(400)
  })
})

describe('what goes wrong inside', () => {
  it('is answered without its reason, which is in the log', async () => {
    const broken = await startTestGateway({
      logger: pino({ level: 'trace' }, { write: (line) => void logged.push(line) })
    })
    const person = await broken.addPerson()
    const browser = withCookie(broken, person)
    await broken.database.db.schema.alterTable('accounts').renameTo('accounts_gone').execute()
    const [listed, signed] = [await browser.call<AuthError>('/api/auth/list-accounts'), await signIn(browser, person)]
    await broken.close()
    for (const { status, body } of [listed, signed]) {
      expect([status, body.code]).toEqual([500, 'internal_error'])
      expect(body.message).not.toMatch(/accounts|sql/i)
    }
    expect(logged.join('')).toContain('no such table: accounts')
  })
})

// The last one, so that it sees what all the others left.
describe('the log', () => {
  it('holds no password, token, cookie or secret', async () => {
    const { db } = gateway.database
    const sessions = await db.selectFrom('sessions').select('token').execute()
    const secrets = await db.selectFrom('secrets').select('value').execute()
    const { token } = await gateway.gateway.context.people.invitations.invite({ role: 'member', createdBy: null })
    await createBrowser(gateway).call('/api/dashboard/invitations/look', { json: { token } })
    expect(sessions.length).toBeGreaterThan(5)
    expect(secrets).toHaveLength(2)
    const text = logged.join('')
    expect(text).toContain('a request failed')
    for (const secret of [
      'horse',
      'session_token',
      token,
      ...sessions.map((session) => session.token),
      ...secrets.map(({ value }) => value)
    ]) {
      expect(text.includes(secret), secret).toBe(false)
    }
  })
})
