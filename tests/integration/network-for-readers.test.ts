import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NetworkState, ServiceTermsChange } from '../../src/http/dashboard/contract/network.ts'
import { makesFor, whyNot } from '../../web/src/features/network/provider-lists.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway
let people: Record<'owner' | 'member' | 'friend' | 'admin', Somebody>
beforeAll(async () => {
  gateway = await startTestGateway()
  const [owner, member, friend, admin] = [await add(), await add(), await add(), await add('admin')]
  people = { owner, member, friend, admin }
})
afterAll(() => gateway.close())

type Somebody = Awaited<ReturnType<typeof add>>
async function add(role: 'admin' | 'member' = 'member') {
  const person = await gateway.addPerson({ role })
  return { ...person, ...(await gateway.addKey({ id: person.id })) }
}

type Case = [what: string, terms: () => Partial<ServiceTermsChange>, change: (id: string) => Promise<unknown>, why: Why]
type Why = Partial<Record<keyof typeof people, string>>

const nothing = () => ({})
const nobody = () => Promise.resolve()
const send = (who: keyof typeof people, method: 'PUT' | 'POST', path: string, json?: unknown) =>
  callDashboard(gateway, people[who], path, { method, ...(json !== undefined && { json }) })
const trust = (state: 'pending' | 'limited') => (id: string) =>
  gateway.database.db.updateTable('providers').set({ trust: state, trust_since: 1 }).where('id', '=', id).execute()
const block = (id: string) => send('owner', 'PUT', `providers/${id}/blocks/${people.member.id}`)
const all = (why: string) => ({ owner: why, member: why, friend: why, admin: why })
const others = (why: string): Why => ({ member: why, friend: why, admin: why })
const ALONE = 'its owner’s alone'

const CASES: Case[] = [
  ['for everybody', nothing, nobody, {}],
  ['its owner’s alone', () => ({ access: 'private' }), nobody, { admin: ALONE }],
  [
    'for one of them',
    () => ({ access: 'listed', people: [people.friend.id] }),
    nobody,
    { member: 'not for you', admin: 'not for you' }
  ],
  ['not for a member', nothing, block, { member: 'not for you' }],
  ['paused', () => ({ isPaused: true }), nobody, all('paused')],
  ['on a paused machine', nothing, (id) => send('owner', 'POST', `providers/${id}/drain`), all('paused')],
  [
    'on a machine that an admin blocked',
    nothing,
    (id) => send('admin', 'POST', `providers/${id}/block`),
    others('may not serve others')
  ],
  ['on a machine that waits for approval', nothing, trust('pending'), others('waits for an admin')],
  ['on a new machine', nothing, trust('limited'), {}],
  [
    'not for a member, and waits for approval',
    nothing,
    async (id) => [await block(id), await trust('pending')(id)],
    { ...others('waits for an admin'), member: 'not for you' }
  ]
]

/** It makes one image for the member, which is all that its owner lets others have within an hour. */
async function addUsedUp(model: string) {
  const worker = await startHandWorker(gateway, {
    key: people.owner.key,
    name: `rig-${model}`,
    services: [{ name: 'images', models: [{ id: model, features: ['generate'] }] }]
  })
  const { body } = await callDashboard<NetworkState>(gateway, people.owner, 'network')
  const { id, services } = body.providers.find(({ name }) => name === `rig-${model}`)!
  await trust('limited')(id)
  const json = { model, prompt: 'a fox', async: true }
  await gateway.call('/v1/images/generations', { key: people.member.key, json })
  await worker.finish(await worker.next())
  return { worker, id, serviceId: services[0]!.id }
}

const TERMS: ServiceTermsChange = {
  access: null,
  people: [],
  imagesPerHour: 1,
  imagesPerUserHour: null,
  isPaused: false
}

describe('what somebody reads of a service of which others have had all they may', () => {
  it.each(CASES)('agrees with what they are offered and refused: it is %s', async (what, terms, change, expected) => {
    const model = `m-${CASES.findIndex(([one]) => one === what)}`
    const { worker, id, serviceId } = await addUsedUp(model)
    await send('owner', 'PUT', `providers/${id}/services/${serviceId}/terms`, { ...TERMS, ...terms() })
    await change(id)
    for (const [who, person] of Object.entries(people) as [keyof typeof people, Somebody][]) {
      const { body } = await callDashboard<NetworkState>(gateway, person, 'network')
      const provider = body.providers.find((one) => one.id === id)
      const listed = (await (await gateway.call('/v1/models', { key: person.key })).json()) as {
        data: { id: string }[]
      }
      const isOffered = listed.data.some((one) => one.id === model)
      if (!provider) {
        // It is not theirs to know of.
        expect([who, isOffered]).toEqual([who, false])
        continue
      }
      const service = provider.services[0]!
      const isMade = makesFor(service, service.models[0]!)
      expect([who, isMade]).toEqual([who, isOffered])
      const usual = who === 'owner' ? null : 'limit per hour reached'
      expect([who, whyNot(provider, service, service.models[0]!)]).toEqual([who, expected[who] ?? usual])
      // Until when there is nothing is told where that is what they wait for, and to an owner where others do.
      const areOthersServed =
        !['private'].includes(service.access) && ['limited', 'trusted'].includes(provider.trust.state)
      expect([who, service.usedUp !== null]).toEqual([who, isOffered && areOthersServed])
      if (!isOffered) {
        const json = { model, prompt: 'a fox', size: '32x32' }
        expect((await gateway.call('/v1/images/generations', { key: person.key, json })).status).toBe(404)
      }
    }
    await worker.close()
  })
})
