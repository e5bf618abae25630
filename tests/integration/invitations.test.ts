import { DAY_MS } from '../../src/lib/durations.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type {
  CreatedInvitation,
  Invitation,
  InvitationLook,
  SessionInfo
} from '../../src/http/dashboard/contract/session.ts'
import { type Browser, createBrowser } from '../support/browser.ts'
import { readError } from '../support/read-error.ts'
import { runProgram, type RunningServer, startServer } from '../support/run-program.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'

const PASSWORD = 'a new horse'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_SIGN_IN_TRIES: '1000' } })
})
afterAll(() => gateway.close())

interface Refusal {
  error: { code: string; message: string; param: string | null }
}

let newcomers = 0
const newcomer = () => ({ name: 'Mara', email: `newcomer-${++newcomers}@example.org`, password: PASSWORD })
const invite = async (invitation: { email?: string; role?: 'admin' | 'member'; createdBy?: string } = {}) =>
  gateway.gateway.context.people.invitations.invite({ role: 'member', createdBy: null, ...invitation })
const offer = async ({ id }: { id: string }) =>
  gateway.gateway.context.people.invitations.offerAccount({ userId: id, createdBy: null })

const look = (token: string, browser = createBrowser(gateway)) =>
  browser.call<InvitationLook & Refusal>('/api/dashboard/invitations/look', { json: { token } })
const accept = (token: string, answer: object = newcomer(), browser = createBrowser(gateway)) =>
  browser.call<{ person: { id: string } } & Refusal>('/api/dashboard/invitations/accept', {
    json: { token, ...answer }
  })
const personOf = async (browser: Browser) => (await browser.call<SessionInfo>('/api/dashboard/session')).body.person
const browserOf = ({ cookie }: Pick<TestPerson, 'cookie'>) =>
  createBrowser(gateway, new Map([cookie.split(/=(.*)/s).slice(0, 2) as [string, string]]))
const signIn = async (email: string, password: string) =>
  (await createBrowser(gateway).call('/api/auth/sign-in/email', { json: { email, password } })).status
const refusalOf = ({ status, body }: { status: number; body: Refusal }) => [status, body.error.code, body.error.param]

describe('an invitation', () => {
  it('tells what it is for, and lets somebody join, once', async () => {
    const inviter = await gateway.addPerson({ role: 'admin', name: 'Ada' })
    const { token, expiresAt } = await invite({ role: 'admin', createdBy: inviter.id })
    expect(expiresAt).toBeGreaterThan(Date.now() + 6.9 * DAY_MS)
    expect((await look(token)).body).toEqual({
      kind: 'join',
      email: null,
      name: null,
      role: 'admin',
      invitedBy: 'Ada',
      expiresAt
    })
    const answer = newcomer()
    const browser = createBrowser(gateway)
    const joined = await accept(token, { ...answer, email: ` ${answer.email.toUpperCase()} ` }, browser)
    expect(joined.status).toBe(200)
    expect(await personOf(browser)).toEqual({ ...joined.body.person, name: 'Mara', email: answer.email, role: 'admin' })
    expect(await signIn(answer.email, PASSWORD)).toBe(200)

    expect(refusalOf(await accept(token))).toEqual([404, 'invitation_invalid', null])
    const looked = await look(token)
    expect(refusalOf(looked)).toEqual([404, 'invitation_invalid', null])
    expect(looked.body.error.message).toContain('used already')
  })

  it('used by two at once lets one in', async () => {
    const { token, id } = await invite()
    const both = [newcomer(), newcomer()]
    const answers = await Promise.all(both.map((answer) => accept(token, answer)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404])
    const users = await Promise.all(both.map(({ email }) => gateway.gateway.context.users.findUserByEmail(email)))
    const [user, ...others] = users.filter((one) => one !== undefined)
    expect(others).toEqual([])
    const row = await gateway.database.db
      .selectFrom('invitations')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    expect(row.used_by).toBe(user!.id)
  })

  it('for an address lets only that one join', async () => {
    const answer = newcomer()
    const { token } = await invite({ email: answer.email.toUpperCase() })
    expect((await look(token)).body).toMatchObject({ kind: 'join', email: answer.email })
    expect(refusalOf(await accept(token))).toEqual([403, 'invitation_other_email', 'email'])
    expect((await accept(token, answer)).status).toBe(200)
    const { users } = gateway.gateway.context
    expect(await users.findUserByEmail(answer.email)).toMatchObject({ role: 'member', email_verified: 1 })
  })

  it('ends when its time is over, and when it is revoked', async () => {
    const { db } = gateway.database
    const [old, revoked] = [await invite(), await invite()]
    await db.updateTable('invitations').set({ expires_at: Date.now() }).where('id', '=', old.id).execute()
    expect(await gateway.gateway.context.people.invitations.revoke(revoked.id)).toBe(true)
    for (const { token } of [old, revoked, { token: 'no such token' }, { token: '' }]) {
      expect(refusalOf(await look(token))).toEqual([404, 'invitation_invalid', null])
      expect(refusalOf(await accept(token))).toEqual([404, 'invitation_invalid', null])
    }
    expect((await look(old.token)).body.error.message).toContain('expired')
  })

  it('stays unused when what was typed is wrong', async () => {
    const { email: taken } = await gateway.addPerson()
    const { token } = await invite()
    const right = newcomer()
    for (const [wrong, param] of [
      [{ name: '' }, 'name'],
      [{ email: 'mara' }, 'email'],
      [{ password: 'short' }, 'password']
    ] as const) {
      expect(refusalOf(await accept(token, { ...right, ...wrong }))).toEqual([400, 'invalid_request', param])
    }
    expect(refusalOf(await accept(token, { ...right, email: taken }))).toEqual([409, 'conflict', 'email'])
    expect((await accept(token, right)).status).toBe(200)
  })

  it('is stored as a hash', async () => {
    const { token, id } = await invite()
    const { db } = gateway.database
    const row = await db.selectFrom('invitations').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    expect(token).toMatch(/^[a-z0-9]{40}$/)
    expect(JSON.stringify(row)).not.toContain(token)
  })

  it('cannot be used from a page of another site', async () => {
    const { token } = await invite()
    const headers = { 'sec-fetch-site': 'cross-site' }
    const { status } = await createBrowser(gateway).call('/api/dashboard/invitations/accept', {
      json: { token, ...newcomer() },
      headers
    })
    expect(status).toBe(403)
    expect((await accept(token)).status).toBe(200)
  })

  it('cannot be guessed for long', async () => {
    const strict = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_SIGN_IN_TRIES: '2' } })
    const statuses = []
    for (const n of [1, 2, 3]) {
      const { status, headers } = await createBrowser(strict).call('/api/dashboard/invitations/accept', {
        json: { token: `guess-${n}`, ...newcomer() }
      })
      statuses.push([status, headers.has('retry-after')])
    }
    expect(statuses).toEqual([
      [404, false],
      [404, false],
      [429, true]
    ])
    await strict.close()
  })
})

describe('a link to an account', () => {
  it('gives somebody without a password one, and the address they want', async () => {
    const user = await gateway.addUser()
    const { token } = await offer(user)
    expect((await look(token)).body).toMatchObject({
      kind: 'claim',
      email: user.email,
      name: user.email,
      role: 'member',
      invitedBy: null
    })
    const answer = newcomer()
    const browser = createBrowser(gateway)
    expect((await accept(token, answer, browser)).body.person.id).toBe(user.id)
    expect(await personOf(browser)).toMatchObject({ id: user.id, name: 'Mara', email: answer.email })
    expect(await signIn(answer.email, PASSWORD)).toBe(200)
    const { users } = gateway.gateway.context
    // An address they typed is theirs for all we know, but nobody has said so.
    expect(await users.findUserByEmail(answer.email)).toMatchObject({ email_verified: 0 })
    expect(await users.findUserByEmail(user.email)).toBeUndefined()
    // Their key goes on working, for the same person.
    expect((await gateway.call('/v1/models', { key: user.key })).status).toBe(200)
  })

  it('replaces a forgotten password and ends all other sessions', async () => {
    const person = await gateway.addPerson()
    const elsewhere = browserOf(person)
    const { token } = await offer(person)
    expect(await personOf(elsewhere)).toMatchObject({ id: person.id })
    const browser = createBrowser(gateway)
    const { name, email } = person
    expect((await accept(token, { name, email, password: PASSWORD }, browser)).status).toBe(200)
    expect([await personOf(elsewhere), await personOf(browser)]).toMatchObject([null, { id: person.id }])
    expect([await signIn(email, person.password), await signIn(email, PASSWORD)]).toEqual([401, 200])
    const { users } = gateway.gateway.context
    expect(await users.findUserByEmail(email)).toMatchObject({ email_verified: 1 })
  })

  it('ends the ones before it', async () => {
    const user = await gateway.addUser()
    const [first, second] = [await offer(user), await offer(user)]
    expect((await look(first.token)).status).toBe(404)
    expect((await look(second.token)).status).toBe(200)
  })

  it('cannot take the address of somebody else', async () => {
    const [user, { email }] = [await gateway.addUser(), await gateway.addPerson()]
    const { token } = await offer(user)
    expect(refusalOf(await accept(token, { ...newcomer(), email }))).toEqual([409, 'conflict', 'email'])
    expect((await look(token)).status).toBe(200)
  })

  it('does not let somebody in who is disabled', async () => {
    const person = await gateway.addPerson()
    const { token } = await offer(person)
    await gateway.gateway.context.people.change({ userId: person.id, by: null, change: { disabled: true } })
    expect((await look(token)).status).toBe(404)
    expect((await accept(token)).status).toBe(404)
  })

  it('used by two at once is used by one', async () => {
    const user = await gateway.addUser()
    const { token } = await offer(user)
    const answers = [newcomer(), newcomer()]
    const all = await Promise.all(answers.map((answer) => accept(token, answer)))
    expect(all.map(({ status }) => status).sort()).toEqual([200, 404])
    const winner = answers[all.findIndex(({ status }) => status === 200)]!
    const { users } = gateway.gateway.context
    expect(await users.findUserByEmail(winner.email)).toMatchObject({ id: user.id })
  })
})

describe('the page of invitations', () => {
  it('is for admins', async () => {
    const [member, nobody] = [browserOf(await gateway.addPerson()), createBrowser(gateway)]
    const calls = [
      { path: '/api/dashboard/invitations', options: {} },
      { path: '/api/dashboard/invitations', options: { json: { role: 'admin' } } },
      { path: '/api/dashboard/invitations/inv_x', options: { method: 'DELETE' } }
    ]
    for (const { path, options } of calls) {
      expect(refusalOf(await member.call(path, options))).toEqual([403, 'permission_denied', null])
      expect(refusalOf(await nobody.call(path, options))).toEqual([401, 'not_signed_in', null])
    }
    const { key } = await gateway.addUser({ role: 'admin', scopes: ['admin'] })
    const byKey = await gateway.call('/api/dashboard/invitations', { key })
    expect(byKey.status).toBe(401)
    await readError(byKey)
  })

  it('makes links, lists them with what became of them, and takes them back', async () => {
    const admin = await gateway.addPerson({ role: 'admin', name: 'Grace' })
    const browser = browserOf(admin)
    const create = (json: object) => browser.call<CreatedInvitation & Refusal>('/api/dashboard/invitations', { json })
    const answer = newcomer()
    const used = await create({ role: 'member', email: answer.email })
    const open = await create({ role: 'admin', email: null })
    const revoked = await create({ role: 'member' })
    expect([used.status, open.status, revoked.status]).toEqual([201, 201, 201])
    const token = used.body.url.slice(`${gateway.url}/join#`.length)
    expect(used.body.url).toBe(`${gateway.url}/join#${token}`)
    expect((await accept(token, answer)).status).toBe(200)

    const revoke = (id: string) => browser.call<Refusal>(`/api/dashboard/invitations/${id}`, { method: 'DELETE' })
    expect((await revoke(revoked.body.id)).status).toBe(204)
    expect(refusalOf(await revoke(revoked.body.id))).toEqual([404, 'not_found', null])
    expect(refusalOf(await revoke(used.body.id))).toEqual([404, 'not_found', null])

    const { body } = await browser.call<Invitation[]>('/api/dashboard/invitations')
    const find = ({ id }: { id: string }) => body.find((invitation) => invitation.id === id)
    expect(find(used.body)).toMatchObject({
      kind: 'join',
      state: 'used',
      email: answer.email,
      role: 'member',
      invitedBy: 'Grace',
      usedBy: 'Mara'
    })
    expect(find(open.body)).toMatchObject({ state: 'open', email: null, role: 'admin', usedBy: null, usedAt: null })
    expect(find(revoked.body)).toMatchObject({ state: 'revoked' })
    expect(body.map(({ createdAt }) => createdAt)).toEqual(body.map(({ createdAt }) => createdAt).sort((a, b) => b - a))
    expect(JSON.stringify(body)).not.toContain(token)

    expect(refusalOf(await create({ role: 'boss' }))).toEqual([400, 'invalid_request', 'role'])
    expect(refusalOf(await create({ role: 'member', email: 'mara' }))).toEqual([400, 'invalid_request', 'email'])
    expect(refusalOf(await create({ role: 'member', email: answer.email }))).toEqual([409, 'conflict', 'email'])
  })
})

describe('the command line', () => {
  const club = (args: readonly string[], env: Record<string, string> = {}) =>
    runProgram(args, { env: { INFERENCE_CLUB_DATA_DIR: gateway.dataDir, ...env } })
  const tokenIn = (stdout: string, base: string): string => {
    const [, found, token = ''] = /^(.*)\/join#([a-z0-9]{40})\n$/.exec(stdout) ?? []
    expect(found).toBe(base)
    return token
  }

  it('prints a link for somebody who is here', async () => {
    const { id, email } = await gateway.addUser()
    const { code, stdout, stderr } = await club(['users', 'link', email])
    expect([code, stderr]).toEqual([0, expect.stringContaining(email)])
    expect(stderr).toMatch(/\nThis link works on this computer alone\..* INFERENCE_CLUB_PUBLIC_URL .*\n$/)
    const token = tokenIn(stdout, gateway.url)
    expect((await accept(token)).body.person.id).toBe(id)
  })

  it('prints a link for somebody new', async () => {
    const answer = newcomer()
    const { code, stdout, stderr } = await club(['users', 'invite', '--email', answer.email, '--role', 'admin'], {
      INFERENCE_CLUB_PUBLIC_URL: 'https://club.example.org/',
      INFERENCE_CLUB_INVITATION_LIFETIME: '2h'
    })
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('alone')])
    const token = tokenIn(stdout, 'https://club.example.org')
    const { body } = await look(token)
    expect(body).toMatchObject({ kind: 'join', email: answer.email, role: 'admin', invitedBy: null })
    expect(body.expiresAt).toBeLessThanOrEqual(Date.now() + 7_200_000)
    expect((await accept(token, answer)).status).toBe(200)
  })

  it.each([
    ['an unknown address', ['users', 'link', 'nobody@example.org'], /nobody with the address/],
    ['no address', ['users', 'invite', '--email', 'mara'], /must be an e-mail address/]
  ])('refuses %s in one line', async (_, args, message) => {
    const { code, stdout, stderr } = await club(args)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^[^\n]+\n$/)
  })
})

describe('the first run', () => {
  let folder: string
  const servers: RunningServer[] = []
  const CLAIM = /Claim this installation \(once\): (\S+)\/join#([a-z0-9]{40})$/m

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inference-club-first-run-'))
  })
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop('SIGKILL')))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const start = async () => {
    const server = await startServer({ cwd: folder, args: [], env: { INFERENCE_CLUB_LOG_LEVEL: 'trace' } })
    servers.push(server)
    const [, base, token] = CLAIM.exec(server.output()) ?? []
    return { server, base, token }
  }
  /** Whatever it logs, links are not among it. */
  const stopQuietly = async ({ server, token }: Awaited<ReturnType<typeof start>>) => {
    const { code, stderr } = await server.stop()
    expect(code).toBe(0)
    expect(stderr).not.toContain(token)
    // But for operations that were refused, as here on purpose, there is nothing to tell.
    const told = stderr.split('\n').filter((line) => !line.includes('"operation":'))
    expect(told.join('\n')).not.toMatch(/"level":"(info|warn|error|fatal)"/)
  }
  const call = async (server: RunningServer, path: string, json: object) => {
    const response = await fetch(`${server.url}/api/dashboard/invitations/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify(json)
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  it('prints a link until it has been used; each start ends the one before', async () => {
    const first = await start()
    expect(first.base).toBe(first.server.url)
    expect(await call(first.server, 'look', { token: first.token })).toMatchObject({
      status: 200,
      body: { kind: 'claim', email: null, role: 'admin', invitedBy: null }
    })
    await stopQuietly(first)

    const second = await start()
    expect(second.token).toBeDefined()
    expect((await call(second.server, 'look', { token: first.token })).status).toBe(404)
    const answer = { name: 'Ada', email: 'admin@localhost', password: PASSWORD }
    expect((await call(second.server, 'accept', { token: second.token, ...answer })).status).toBe(400)
    const right = { ...answer, email: 'ada@example.org' }
    expect(await call(second.server, 'accept', { token: second.token, ...right })).toMatchObject({
      status: 200,
      body: { person: { name: 'Ada', email: 'ada@example.org', role: 'admin' } }
    })
    expect((await call(second.server, 'accept', { token: second.token, ...right })).status).toBe(404)
    await stopQuietly(second)

    const third = await start()
    expect(third.server.output()).not.toContain('Claim')
    await third.server.stop()
    // Whoever claimed it is the first admin: nobody was made in their place, and keys are theirs.
    const run = (...args: string[]) => runProgram(args, { cwd: folder })
    expect((await run('users', 'list')).stdout.split('\n').map((line) => line.split('\t').slice(0, 3))).toEqual([
      ['EMAIL', 'NAME', 'ROLE'],
      ['ada@example.org', 'Ada', 'admin'],
      ['']
    ])
    expect((await run('keys', 'create', '--name', 'later')).code).toBe(0)
    expect((await run('keys', 'list')).stdout).toMatch(/\tlater\tada@example\.org\t/)
  }, 120_000)
})
