import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TakenLock } from '../../src/db/locks.ts'
import { errors } from '../../src/lib/errors.ts'
import { giveUpRequest } from '../../src/requests/give-up-request.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { SMALL } from '../support/image-calls.ts'
import { alsoHearLocks } from '../support/lock-order.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { findTransactions } from '../support/source-transactions.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

/** Which locks each transaction takes, in this order; of several of one kind, one is named. */
const EXPECTED: Record<string, string[]> = {
  'auth/api-key-store.ts insertFirstKey': ['installation'],
  'auth/api-key-store.ts insertKey': ['person'],
  'people/account-store.ts markDeleted': ['installation', 'person'],
  'people/invitation-store.ts insertClaim': ['person'],
  'people/person-change-store.ts changePerson': ['installation', 'person'],
  'providers/retire-provider-store.ts retireProviders': ['person', 'provider'],
  'providers/service-condition-store.ts noteCondition': ['provider'],
  'providers/service-finds-store.ts noteFinds': ['provider'],
  'providers/service-offers-store.ts changeOffer': ['provider'],
  'providers/service-offers-store.ts noteOffered': ['offers', 'provider'],
  'providers/service-terms-store.ts saveOwnerTerms': ['provider'],
  'providers/service-warms-store.ts askWarm': ['provider'],
  'requests/admit-images.ts admitImages': ['person', 'request', 'queue'],
  'requests/cancel-request.ts cancelRequests': ['request'],
  'requests/claim-tasks.ts claimTasks': ['provider', 'request'],
  'requests/connect-agent.ts connectAgent': ['person', 'offers', 'request'],
  'requests/expire-waiting.ts strand': ['request'],
  'requests/fail-attempt.ts failAttempt': ['provider', 'request'],
  'requests/finish-attempt.ts finishTogether': ['provider', 'request'],
  'requests/give-up-request.ts giveUpRequest': ['request'],
  'requests/remove-requests.ts removeRequests': ['person', 'request'],
  'requests/renew-connections.ts renewConnections': ['provider'],
  'requests/report-picture.ts reportPicture': ['request'],
  'requests/retention-store.ts noteClock': ['installation'],
  'requests/share-request.ts shareRequest': ['request'],
  'requests/standby.ts releaseStandby': ['request'],
  'requests/standby.ts startStandby': ['provider', 'request'],
  'requests/take-down.ts takeDownRequest': ['request'],
  'settings/setting-store.ts writeSettings': ['settings'],
  'webhooks/webhooks.ts redeliver': ['person']
}

const taken = new Map<TakenLock['trx'], { operation: string; kinds: string[] }>()
const transactions = findTransactions()

/** The transaction of the sources in which a lock is being taken. */
function findOperation(stack: string): string {
  for (const [, path = '', line = ''] of stack.matchAll(/\/src\/([^\s:?]+\.ts)[^\s:]*:(\d+):/g)) {
    if (path === 'db/locks.ts') continue
    const inside = transactions.filter((one) => one.path === path && one.line <= Number(line))
    const last = inside.at(-1)
    if (last) return last.name
  }
  return `nowhere: ${stack}`
}

const wasSeen = (name: string) => [...taken.values()].some(({ operation }) => operation.endsWith(` ${name}`))

let gateway: TestGateway
let forget: () => void
beforeAll(async () => {
  forget = alsoHearLocks(({ trx, kind }) => {
    const one = taken.get(trx) ?? { operation: findOperation(new Error().stack ?? ''), kinds: [] }
    taken.set(trx, one)
    if (!one.kinds.includes(kind)) one.kinds.push(kind)
  })
  const env = {
    INFERENCE_CLUB_LIMITS_NO_PROVIDER_TIMEOUT: '400ms',
    INFERENCE_CLUB_LIMITS_LEASE: '1s',
    INFERENCE_CLUB_PUBLIC_PAGE: '1'
  }
  gateway = await startTestGateway({ env })
})
afterAll(async () => {
  await gateway.close()
  forget()
})

it('each operation takes its locks in one order', async () => {
  const admin = await gateway.addPerson({ role: 'admin' })
  const person = await gateway.addPerson()
  const user = { ...person, ...(await gateway.addKey(person)) }
  const key = (await gateway.addKey(person, { scopes: ['agent'] })).key
  const post = async (path: string, json: unknown = {}) => {
    const answer = await gateway.call(path, { key: user.key, json })
    expect(answer.ok, await answer.clone().text()).toBe(true)
    return (await answer.json()) as { id: string }
  }
  const asAdmin = async (path: string, method: string, json: unknown) =>
    expect((await callDashboard(gateway, admin, path, { method, json })).status).toBeLessThan(300)
  const statusOf = async (id: string) =>
    ((await (await gateway.call(`/v1/jobs/${id}`, { key: user.key })).json()) as { status: string }).status
  const submit = () => post('/v1/images/generations', { ...SMALL, async: true, webhook_url: 'https://example.org/' })

  const services = [{ models: [{ id: 'demo', features: ['generate' as const] }], concurrency: 1 }]
  const worker = await startHandWorker(gateway, { key, name: 'first', services })
  const done = await submit()
  await worker.finish(await worker.next())
  await waitFor(async () => (await statusOf(done.id)) === 'PROCESSED')
  const deliveries = await gateway.call('/v1/webhooks/deliveries', { key: user.key })
  const [delivery] = ((await deliveries.json()) as { data: { id: string }[] }).data
  await post(`/v1/webhooks/deliveries/${delivery?.id}/redeliver`)

  // It holds one ready and begins it, holds another, and lets go of that.
  const eager = [{ models: [{ id: 'eager', features: ['generate' as const] }], prefetch: 1 }]
  const ready = await startHandWorker(gateway, { key, name: 'ready', services: eager })
  for (let count = 0; count < 3; count += 1)
    await post('/v1/images/generations', { ...SMALL, model: 'eager', async: true })
  const [running, begun] = [await ready.next(), await ready.next()]
  ready.agent.send({ type: 'attempt.ready', attempt_id: begun.attempt_id })
  await waitFor(() => wasSeen('startStandby'))
  await ready.finish(running)
  ready.agent.send({ type: 'attempt.stopped', attempt_id: (await ready.next()).attempt_id })
  await waitFor(() => wasSeen('releaseStandby'))
  await ready.close()

  // It comes back with what it runs, and comes back without.
  const held = await submit()
  const { attempt_id: id, token } = await worker.next()
  const back = await connectRawAgent({ url: gateway.url, key })
  await back.hello({ name: 'first', services, attempts: [{ id, token }], accepts: ['service.offer'] })
  await waitFor(() => wasSeen('renewConnections'))
  back.send({ type: 'service.state', service: 'service-0', state: 'warning', text: 'slow' })
  await waitFor(() => wasSeen('noteCondition'))
  const none = { loras: [], more_models: 0, more_loras: 0, usable_loras: [] }
  const lies = { may_offer: true, models: [{ name: 'spare', serves: [] }], ...none }
  back.send({ type: 'service.inventory', service: 'service-0', ...lies })
  await waitFor(() => wasSeen('noteFinds'))
  const { id: service, provider_id: provider } = await gateway.database.db
    .selectFrom('services')
    .select(['id', 'provider_id'])
    .where('provider_id', '=', (e) => e.selectFrom('providers').select('id').where('name', '=', 'first'))
    .executeTakeFirstOrThrow()
  const terms = { method: 'PUT', json: { imagesPerHour: 5 } }
  const set = await callDashboard(gateway, person, `providers/${provider}/services/${service}/terms`, terms)
  expect(set.status).toBe(200)
  const offer = { method: 'PUT', json: { model: 'spare', isOffered: true } }
  const asked = await callDashboard(gateway, person, `providers/${provider}/services/${service}/offers`, offer)
  expect(asked.status).toBe(200)
  const warm = { method: 'PUT', json: { model: services[0]!.models[0]!.id } }
  const warmed = await callDashboard(gateway, person, `providers/${provider}/services/${service}/warms`, warm)
  expect(warmed.status).toBe(200)
  const { revision } = await back.received('service.offer')
  back.send({ type: 'service.offered', service: 'service-0', revision, models: [], refused: [] })
  await waitFor(() => wasSeen('noteOffered'))
  const empty = await connectRawAgent({ url: gateway.url, key })
  await empty.hello({ name: 'first', services })
  await waitFor(() => wasSeen('failAttempt'))
  await empty.close()
  await post(`/v1/jobs/${held.id}/cancel`)
  await post(`/v1/jobs/${held.id}/retry`)
  await giveUpRequest(
    { database: gateway.database },
    { id: held.id, error: errors.upstreamCapped({}, 0), unbegun: { reason: 'capped', machines: [] } }
  )
  expect(await statusOf(held.id)).toBe('FAILED')
  await post(`/v1/jobs/${held.id}/retry`)
  await waitFor(async () => (await statusOf(held.id)) === 'FAILED')

  await post(`/v1/jobs/${done.id}/shares`)
  const open = { method: 'PATCH', key: user.key, json: { visibility: 'PUBLIC' } }
  const shown = await (await gateway.call(`/v1/jobs/${done.id}`, open)).json()
  const picture = (shown as { result: { data: { asset_id: string }[] } }).result.data[0]?.asset_id
  expect((await gateway.call('/public', { json: { picture, reason: 'other' } })).status).toBe(200)
  await asAdmin(`reports/${done.id}/take-down`, 'POST', { reason: 'other' })
  const batch = [{ endpoint: '/v1/images/generations', body: SMALL }]
  await post('/v1/batches', { requests: batch })
  expect((await gateway.call(`/v1/jobs/${done.id}`, { key: user.key, method: 'DELETE' })).ok).toBe(true)

  await asAdmin('settings', 'PATCH', { rateLimit: '5000' })
  await asAdmin(`people/${person.id}`, 'PATCH', { role: 'admin' })
  await asAdmin(`people/${person.id}/link`, 'POST', {})
  await asAdmin(`people/${person.id}`, 'PATCH', { role: 'member' })
  const account = { method: 'DELETE', json: { email: person.email } }
  expect((await callDashboard(gateway, person, 'account', account)).status).toBeLessThan(300)
  await waitFor(() => wasSeen('retireProviders'))

  const orders = new Map(
    [...taken.values()].map(({ operation, kinds }) => [`${operation}: ${kinds.join(' → ')}`, kinds])
  )
  const seen: Record<string, string[]> = {}
  for (const { operation, kinds } of taken.values()) {
    if ((seen[operation]?.length ?? 0) <= kinds.length) seen[operation] = kinds
  }
  expect(seen).toEqual(EXPECTED)
  // Fewer where there is nothing to lock, never others.
  for (const [what, kinds] of orders) {
    const operation = what.slice(0, what.indexOf(': '))
    expect(
      EXPECTED[operation]?.filter((kind) => kinds.includes(kind)),
      what
    ).toEqual(kinds)
  }
})
