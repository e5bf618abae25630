import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIVE_SETTINGS } from '../../src/config/live-settings.ts'
import type { LiveSetting } from '../../src/http/dashboard/contract/admin.ts'
import type { CreatedInvitation, SessionInfo } from '../../src/http/dashboard/contract/session.ts'
import { writeSettings } from '../../src/settings/setting-store.ts'
import { createBrowser } from '../support/browser.ts'
import { callDashboard, type DashboardAnswer, type DashboardError } from '../support/dashboard-calls.ts'
import { startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { SMALL } from '../support/image-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { startTestGateway, type TestGateway, type TestPerson, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { addPainters, createWebhookCalls } from '../support/webhook-calls.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { openTestDatabase } from '../support/open-test-database.ts'

let gateway: TestGateway
let admin: TestPerson
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_RATE_LIMIT: '500' } })
  admin = await gateway.addPerson({ role: 'admin' })
  user = await gateway.addUser()
  await addPainters(gateway)
})
afterAll(() => gateway.close())

const list = async (at = gateway): Promise<LiveSetting[]> => {
  const { status, body } = await callDashboard<LiveSetting[]>(at, admin, 'settings')
  expect(status).toBe(200)
  return body
}
const settingOf = async (name: string, at = gateway) => (await list(at)).find((setting) => setting.name === name)

const change = <T = LiveSetting[]>(
  values: unknown,
  by: Pick<TestPerson, 'cookie'> = admin
): Promise<DashboardAnswer<T>> => callDashboard<T>(gateway, by, 'settings', { method: 'PATCH', json: values })

/** Changes settings while `work` runs, and takes them back. */
async function during<T>(values: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const changed = await change(values)
  expect(changed.status, JSON.stringify(changed.body)).toBe(200)
  try {
    return await work()
  } finally {
    await change(Object.fromEntries(Object.keys(values).map((name) => [name, null])))
  }
}

async function generate(fields: Record<string, unknown> = {}, { key } = user) {
  const response = await gateway.call('/v1/images/generations', { key, json: { ...SMALL, ...fields } })
  const body = (await response.json()) as Partial<DashboardError> & { data?: unknown[]; warnings?: string[] }
  return { status: response.status, code: body.error?.code, ...body }
}

describe('the list of settings', () => {
  it('has each of them with its variable, its kind and where its value comes from', async () => {
    expect((await list()).map(({ name }) => name).sort()).toEqual([
      'adminsLook',
      'bytesInFlight',
      'bytesInFlightPerUser',
      'callsPerUser',
      'clubName',
      'imageLinkLifetimeMs',
      'invitationLifetimeMs',
      'keysPerUser',
      'maxImagesPerRequest',
      'maxPixels',
      'modelsPerProvider',
      'newProviderAtOnce',
      'newProviderImages',
      'newProviderPerHour',
      'newProviderTimeMs',
      'noProviderTimeoutMs',
      'passesForLoadedModel',
      'providers',
      'providersPerUser',
      'publicPage',
      'publicProvenance',
      'queuePerUser',
      'queueTotal',
      'rateLimit',
      'registration',
      'repository',
      'retentionBytes',
      'retentionMs',
      'servicesPerProvider',
      'signInTries',
      'silenceMs',
      'storedBytesPerUser',
      'streamsPerUser',
      'syncTimeoutMs',
      'unusableTimeoutMs',
      'webhookPrivateAddresses',
      'webhookRetentionMs',
      'webhooksPerUser'
    ])
    expect(await settingOf('rateLimit')).toEqual({
      name: 'rateLimit',
      title: 'Calls per minute',
      variable: 'INFERENCE_CLUB_RATE_LIMIT',
      description: expect.any(String) as unknown,
      kind: 'integer',
      value: '500',
      fallback: '500',
      isChanged: false
    })
    expect(await settingOf('registration')).toMatchObject({
      kind: 'choice',
      choices: ['invitation', 'open'],
      value: 'invitation'
    })
    expect(await settingOf('invitationLifetimeMs')).toMatchObject({ kind: 'duration', value: '7d' })
    expect(await settingOf('webhookPrivateAddresses')).toMatchObject({ kind: 'boolean', value: '0' })
  })

  it('is for admins', async () => {
    const member = await gateway.addPerson()
    expect((await callDashboard(gateway, member, 'settings')).status).toBe(403)
    expect((await change({ rateLimit: '1' }, member)).status).toBe(403)
    expect((await settingOf('rateLimit'))?.value).toBe('500')
  })
})

describe('a change', () => {
  it('is answered with all settings, spelled as usual, and taken back by null', async () => {
    const { body } = await change({ syncTimeoutMs: ' 60000ms ', webhookPrivateAddresses: 'yes' })
    const valueOf = (name: string) => body.find((setting) => setting.name === name)
    expect(valueOf('syncTimeoutMs')).toMatchObject({ value: '60s', fallback: '280s', isChanged: true })
    expect(valueOf('webhookPrivateAddresses')).toMatchObject({ value: '1', fallback: '0', isChanged: true })
    await change({ syncTimeoutMs: null, webhookPrivateAddresses: null, rateLimit: null })
    expect((await list()).filter(({ isChanged }) => isChanged)).toEqual([])
    expect((await settingOf('syncTimeoutMs'))?.value).toBe('280s')
  })

  it.each([
    ['a number that is none', { maxPixels: 'many' }, 'maxPixels'],
    ['one out of range', { maxPixels: '1' }, 'maxPixels'],
    ['something else than text', { maxPixels: 4096 }, 'maxPixels'],
    ['nothing', { maxPixels: '' }, 'maxPixels'],
    ['a choice there is not', { registration: 'closed' }, 'registration'],
    ['a duration without a unit', { syncTimeoutMs: '60' }, 'syncTimeoutMs'],
    ['a setting there is not', { maxPixel: '4096' }, 'maxPixel'],
    ['a setting that needs a restart', { port: '80' }, 'port'],
    ['keeping everything for less than an hour', { retentionMs: '3599s' }, 'retentionMs'],
    ['months that are minutes', { retentionMs: '30m' }, 'retentionMs'],
    ['a number of days without the unit', { retentionMs: '30' }, 'retentionMs'],
    ['longer than a hundred years', { retentionMs: '36501d' }, 'retentionMs'],
    ['keeping less than a megabyte', { retentionBytes: '999999' }, 'retentionBytes']
  ])('to %s is refused by name, and nothing is changed', async (_what, wrong, param) => {
    const { status, body } = await change<DashboardError>({ rateLimit: '7', ...wrong })
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ code: 'invalid_request', param })
    expect(body.error.message).toContain(`'${param}'`)
    expect((await list()).filter(({ isChanged }) => isChanged)).toEqual([])
    expect(gateway.gateway.context.config.rateLimit).toBe(500)
  })

  it.each([50, 51])('that is wrong in %i places is told of fifty at most', async (count) => {
    const wrong = Object.fromEntries(Array.from({ length: count }, (_, index) => [`nonsense${index}`, '1']))
    const { status, body } = await change<{ error: { fields: Record<string, string> } }>(wrong)
    expect([status, Object.keys(body.error.fields).length]).toEqual([400, 50])
  })

  it('that is wrong in several places is told of each', async () => {
    const { status, body } = await change<{ error: { fields: Record<string, string>; param: string } }>({
      retentionMs: '1s',
      rateLimit: '7',
      queueTotal: 'many',
      nonsense: '1'
    })
    expect([status, body.error.param]).toEqual([400, 'retentionMs'])
    expect(body.error.fields).toEqual({
      retentionMs: "'retentionMs' must be 0s, or between 1h and 36500d, not '1s'.",
      queueTotal: expect.stringMatching(/^'queueTotal' must be a whole number from /) as unknown,
      nonsense: "'nonsense' is not a setting that can be changed while the server runs."
    })
  })

  it('by two admins at once leaves both', async () => {
    const other = await gateway.addPerson({ role: 'admin' })
    await Promise.all([
      change({ maxPixels: '4096' }),
      change({ queueTotal: '77' }, other),
      change({ maxPixels: '8192' })
    ])
    const { limits } = gateway.gateway.context.config
    expect(limits.queueTotal).toBe(77)
    expect(String(limits.maxPixels)).toBe((await settingOf('maxPixels'))?.value)
    await change({ maxPixels: null, queueTotal: null })
  })

  it('by another process counts soon', async () => {
    const other = await openTestDatabase({ dataDir: gateway.dataDir })
    await writeSettings(other.db, { values: new Map([['rateLimit', '123']]), by: 'somebody', now: 1 })
    const { config } = gateway.gateway.context
    await waitFor(() => config.rateLimit === 123)
    await writeSettings(other.db, { values: new Map([['rateLimit', null]]), by: 'somebody', now: 1 })
    await waitFor(() => config.rateLimit === 500)
    await other.close()
  })
})

describe('without a restart', () => {
  it('anybody may register, or nobody', async () => {
    const register = () =>
      createBrowser(gateway).call('/api/auth/sign-up/email', {
        json: { name: 'Eve', email: `eve-${Math.random()}@example.org`, password: 'correct horse battery' }
      })
    const offered = async () =>
      (await callDashboard<SessionInfo>(gateway, { cookie: '' }, 'session')).body.signIn.registration
    expect([await offered(), (await register()).status]).toEqual(['invitation', 403])
    await during({ registration: 'open' }, async () => {
      expect([await offered(), (await register()).status]).toEqual(['open', 200])
    })
    expect([await offered(), (await register()).status]).toEqual(['invitation', 403])
  })

  it('keys make fewer requests per minute', async () => {
    const { key } = await gateway.addUser()
    const call = async () => {
      const response = await gateway.call('/v1/models', { key })
      await response.arrayBuffer()
      return [response.status, response.headers.get('x-ratelimit-limit-requests')]
    }
    expect(await call()).toEqual([200, '500'])
    await during({ rateLimit: '1' }, async () => {
      expect([await call(), await call()]).toEqual([
        [200, '1'],
        [429, '1']
      ])
    })
    await during({ rateLimit: '0' }, async () => expect(await call()).toEqual([200, null]))
    expect(await call()).toEqual([200, '500'])
  })

  it('a request makes fewer images', async () => {
    const { data, warnings } = await during({ maxImagesPerRequest: '1' }, () => generate({ n: 2 }))
    expect(data).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('1')])
    expect((await generate({ n: 2 })).data).toHaveLength(2)
  })

  it('images have fewer pixels', async () => {
    expect(await during({ maxPixels: '1024' }, () => generate())).toMatchObject({ status: 400, code: 'invalid_size' })
    expect((await generate()).status).toBe(200)
  })

  it('people queue fewer images, one by one and all together', async () => {
    for (const setting of ['queuePerUser', 'queueTotal']) {
      const refused = await during({ [setting]: '1' }, () => generate({ n: 2 }))
      expect(refused, setting).toMatchObject({ status: 503, code: 'queue_full' })
    }
    expect((await generate({ n: 2 })).status).toBe(200)
  })

  it('callers wait less long', async () => {
    const owner = await gateway.addUser()
    const models = [{ id: 'slow', servedAs: 'slow', features: ['generate' as const] }]
    const agent = await gateway.addAgent({ key: owner.key, services: [{ models, options: { step_time: '10s' } }] })
    const answer = await during({ syncTimeoutMs: '100ms' }, () => generate({ model: 'slow' }))
    expect(answer).toMatchObject({ status: 504, code: 'timeout' })
    await agent.stop()
  })

  it('callers wait less long for image servers that cannot be used', async () => {
    const gone = await startFakeOpenAIServer()
    await gone.close()
    const owner = await gateway.addUser()
    const models = [{ id: 'gone', servedAs: 'gone', features: ['generate' as const] }]
    const services = [{ engine: 'openai', url: gone.url, models }]
    const agent = await gateway.addAgent({ key: owner.key, services })
    const answer = await during({ unusableTimeoutMs: '100ms' }, () => generate({ model: 'gone' }))
    expect(answer).toMatchObject({ status: 503, code: 'upstream_busy' })
    await agent.stop()
  })

  it('requests wait less long for a provider', async () => {
    const jobs = jobCalls(gateway, user)
    const id = await jobs.submit({ model: 'asleep' })
    await during({ noProviderTimeoutMs: '100ms' }, async () => {
      const job = await waitFor(async () => {
        const one = await jobs.get(id)
        return one.status === 'FAILED' && one
      })
      expect(job.error?.code).toBe('no_provider')
    })
  })

  it('wrong passwords are fewer', async () => {
    const { email, password } = await gateway.addPerson()
    const signIn = async (typed: string) =>
      (await createBrowser(gateway).call('/api/auth/sign-in/email', { json: { email, password: typed } })).status
    expect(await signIn('wrong horse battery')).toBe(401)
    expect(await during({ signInTries: '1' }, () => signIn(password))).toBe(429)
    expect(await signIn(password)).toBe(200)
  })

  it('invitations last less long', async () => {
    const invite = async () => {
      const { body } = await callDashboard<CreatedInvitation>(gateway, admin, 'invitations', {
        json: { role: 'member' }
      })
      return (body.expiresAt - Date.now()) / 3_600_000
    }
    const hours = await during({ invitationLifetimeMs: '2h' }, invite)
    expect(hours).toBeLessThanOrEqual(2)
    expect(hours).toBeGreaterThan(1)
    expect(await invite()).toBeGreaterThan(100)
  })

  it('webhooks may call private addresses', async () => {
    const receiver = await startWebhookReceiver()
    const webhooks = createWebhookCalls(gateway)
    const refused = await webhooks.submit(user, receiver.url)
    await webhooks.delivery(user, refused, { status: 'FAILED', last_error: 'refused: private address' })
    await during({ webhookPrivateAddresses: '1' }, async () => {
      const taken = await webhooks.submit(user, receiver.url)
      await webhooks.delivery(user, taken, { status: 'DELIVERED' })
    })
    expect(receiver.received).toHaveLength(1)
    await receiver.close()
  })
})

describe('after a restart', () => {
  /** Of every setting another value than its default, as text and as the configuration holds it. */
  const OTHER: Record<string, [text: string, value: unknown]> = {
    clubName: ['The Attic', 'The Attic'],
    repository: ['git@git.example.org:club.git', 'git@git.example.org:club.git'],
    webhookPrivateAddresses: ['1', true],
    publicProvenance: ['1', true],
    publicPage: ['1', true],
    rateLimit: ['11', 11],
    registration: ['open', 'open'],
    imageLinkLifetimeMs: ['2d', 2 * 86_400_000],
    invitationLifetimeMs: ['3d', 3 * 86_400_000],
    maxImagesPerRequest: ['3', 3],
    maxPixels: ['65536', 65_536],
    syncTimeoutMs: ['45s', 45_000],
    unusableTimeoutMs: ['25s', 25_000],
    noProviderTimeoutMs: ['7m', 420_000],
    passesForLoadedModel: ['3', 3],
    queuePerUser: ['12', 12],
    queueTotal: ['13', 13],
    callsPerUser: ['17', 17],
    streamsPerUser: ['18', 18],
    storedBytesPerUser: ['7MiB', 7 * 1024 ** 2],
    webhooksPerUser: ['19', 19],
    keysPerUser: ['21', 21],
    webhookRetentionMs: ['20d', 20 * 86_400_000],
    adminsLook: ['0', false],
    retentionMs: ['40d', 40 * 86_400_000],
    retentionBytes: ['4GiB', 4 * 1024 ** 3],
    bytesInFlightPerUser: ['5MiB', 5 * 1024 ** 2],
    bytesInFlight: ['6MiB', 6 * 1024 ** 2],
    silenceMs: ['9s', 9000],
    providersPerUser: ['14', 14],
    servicesPerProvider: ['15', 15],
    modelsPerProvider: ['16', 16],
    signInTries: ['4', 4],
    providers: ['approve', 'approve'],
    newProviderAtOnce: ['17', 17],
    newProviderPerHour: ['18', 18],
    newProviderImages: ['19', 19],
    newProviderTimeMs: ['2h', 7_200_000]
  }

  it('every change is still there, but one that no longer makes sense', async () => {
    expect(Object.keys(OTHER).sort()).toEqual(LIVE_SETTINGS.map(({ name }) => name).sort())
    const dataDir = await mkdtemp(join(tmpdir(), 'inference-club-'))
    const first = await startTestGateway({ dataDir })
    const person = await first.addPerson({ role: 'admin' })
    const values = Object.fromEntries(Object.entries(OTHER).map(([name, [text]]) => [name, text]))
    const changed = await callDashboard(first, person, 'settings?mayDelete=true', { method: 'PATCH', json: values })
    expect(changed.status).toBe(200)
    await first.close()

    const second = await startTestGateway({ dataDir, env: { INFERENCE_CLUB_RATE_LIMIT: '99' } })
    const { config, database } = second.gateway.context
    for (const live of LIVE_SETTINGS) expect(live.read(config), live.name).toBe(OTHER[live.name]?.[1])
    const { body } = await callDashboard<LiveSetting[]>(second, person, 'settings')
    expect(Object.fromEntries(body.map(({ name, value }) => [name, value]))).toEqual(values)
    expect(body.every(({ isChanged }) => isChanged)).toBe(true)
    expect(body.find(({ name }) => name === 'rateLimit')?.fallback).toBe('99')
    await database.db.updateTable('settings').set({ value: 'plenty' }).where('name', '=', 'queueTotal').execute()
    await second.close()

    const third = await startTestGateway({ dataDir })
    expect(third.gateway.context.config.limits.queueTotal).toBe(100_000)
    expect(third.gateway.context.config.limits.queuePerUser).toBe(12)
    await third.close()
    await rm(dataDir, { recursive: true })
  })
})
