import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NetworkState } from '../../src/http/dashboard/contract/network.ts'
import type { ServiceInventory } from '../../src/protocol/service-inventory.ts'
import { MAX_OFFERS } from '../../src/protocol/service-offers.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { type FakeComfyServer, startFakeComfy } from '../support/fake-comfyui-server.ts'
import { SMALL } from '../support/image-calls.ts'
import { type OwnMachine, startOwnMachine } from '../support/own-machine.ts'
import { connectRawAgent, type RawAgent } from '../support/raw-agent.ts'
import { startTestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: OwnMachine['gateway']
let owner: OwnMachine['owner']
let key: string
let provider: OwnMachine['provider']
let service: OwnMachine['service']
let tellWish: OwnMachine['tellWish']
let server: FakeComfyServer | undefined
beforeEach(async () => {
  ;({ gateway, owner, key, provider, service, tellWish } = await startOwnMachine())
})
afterEach(async () => {
  await gateway.close()
  await server?.close()
  server = undefined
})

const stateOf = async (name: string) => (await service()).wanted?.find((one) => one.name === name)
const models = async () => (await service()).models.map(({ id }) => id)
const offer = (model: string | undefined, isOffered = true, by = owner) => tellWish('offers', { model, isOffered }, by)

const inventory = (names: string[], more: Partial<ServiceInventory> = {}): ServiceInventory => ({
  type: 'service.inventory',
  service: 'service-0',
  may_offer: true,
  models: names.map((name) => ({ name, serves: [] })),
  loras: [],
  more_models: 0,
  more_loras: 0,
  usable_loras: [],
  ...more
})
const ACCEPTS = ['service.offer']
const connect = async (accepts = ACCEPTS): Promise<RawAgent> => {
  const agent = await connectRawAgent({ url: gateway.url, key })
  await agent.hello({ name: 'rig', services: [{ models: [{ id: 'paint', features: ['generate'] }] }], accepts })
  return agent
}
/** Connected, and known to have these. */
const withModels = async (names: string[], more: Partial<ServiceInventory> = {}): Promise<RawAgent> => {
  const agent = await connect()
  agent.send(inventory(names, more))
  await waitFor(async () => (await service()).found)
  return agent
}
const accept = (revision: number, ...names: string[]) => ({
  type: 'service.offered' as const,
  service: 'service-0',
  revision,
  models: names.map((name) => ({ name, id: `${name}-id`, features: ['generate' as const] })),
  refused: []
})
const asked = (agent: RawAgent, wanted: string[]) =>
  agent.received('service.offer', ({ models }) => models.join() === wanted.join())

it('is in the list of all machines for the owner of its machine, and for nobody else', async () => {
  const agent = await withModels(['flux', 'sdxl'])
  await offer('flux')
  const listed = async (person: { cookie: string }) =>
    (await callDashboard<NetworkState>(gateway, person, 'network')).body.providers[0]!.services[0]!
  const { found, wanted } = await listed(owner)
  expect(found?.models.map(({ name }) => name)).toEqual(['flux', 'sdxl'])
  expect(wanted).toMatchObject([{ name: 'flux', state: 'asked' }])
  for (const other of [await gateway.addPerson(), await gateway.addPerson({ role: 'admin' })]) {
    expect(await listed(other)).toMatchObject({ found: null, wanted: null })
  }
  await agent.close()
})

describe('a model that lies on a machine', () => {
  const checkpoints = ['sd15.safetensors', 'spare.safetensors']
  const own = [{ id: 'sd', servedAs: 'sd15.safetensors', features: ['generate' as const] }]
  const addAgent = (foundModels?: 'offer' | 'show') =>
    gateway.addAgent({
      key,
      name: 'rig',
      services: [{ engine: 'comfyui', url: server!.url, models: own, ...(foundModels && { foundModels }) }],
      probing: {}
    })
  const ask = (model: string) => gateway.call('/v1/images/generations', { key, json: { ...SMALL, model } })

  it('is offered, makes images, and is taken back by its owner', async () => {
    server = await startFakeComfy({ checkpoints, diffusionModels: ['half.safetensors'] })
    await addAgent('offer')
    await waitFor(async () => (await service()).found?.mayOffer)
    expect((await offer('spare.safetensors')).status).toBe(200)
    await waitFor(async () => (await stateOf('spare.safetensors'))?.state === 'accepted')
    expect((await service()).models).toMatchObject([
      { id: 'sd' },
      { id: 'spare', features: ['generate', 'edit', 'mask', 'negative_prompt', 'seed', 'preview'] }
    ])
    await waitFor(async () => (await service()).found?.models[1]?.serves.includes('spare'))
    expect((await ask('spare')).status).toBe(200)
    expect(JSON.stringify(server.calls)).toContain('spare.safetensors')
    expect((await offer('half.safetensors')).status).toBe(404)
    expect((await offer('spare.safetensors', false)).status).toBe(200)
    expect(await models()).toEqual(['sd'])
    expect((await ask('spare')).status).toBe(404)
    await waitFor(async () => (await service()).found?.models[1]?.serves.length === 0)
  })

  it('is not offered where the file does not allow it, and the page says how it would be', async () => {
    server = await startFakeComfy({ checkpoints, diffusionModels: [] })
    await addAgent()
    await waitFor(async () => (await service()).found)
    expect((await service()).found?.mayOffer).toBe(false)
    const answer = await offer('spare.safetensors')
    expect(answer.status).toBe(409)
    expect(answer.body.error.message).toContain('found_models: offer')
  })

  it('is offered again by an agent that comes back', async () => {
    server = await startFakeComfy({ checkpoints, diffusionModels: [] })
    const agent = await addAgent('offer')
    await waitFor(async () => (await service()).found?.mayOffer)
    await offer('spare.safetensors')
    await waitFor(async () => (await stateOf('spare.safetensors'))?.state === 'accepted')
    await agent.stop()
    await addAgent('offer')
    await waitFor(async () => (await ask('spare')).status === 200)
    expect(await models()).toEqual(['sd', 'spare'])
  })
})

describe('who may offer', () => {
  it('is its owner alone: admins may not, and strangers know nothing of it', async () => {
    await withModels(['spare'])
    const admin = await gateway.addPerson({ role: 'admin' })
    expect((await offer('spare', true, admin)).status).toBe(403)
    await gateway.database.db.updateTable('services').set({ access: '"private"' }).execute()
    expect((await offer('spare', true, await gateway.addPerson())).status).toBe(404)
    expect(await stateOf('spare')).toBeUndefined()
  })

  it('is told of what is no word on a model', async () => {
    await withModels(['spare'])
    const { id, services } = await provider()
    const path = `providers/${id}/services/${services[0]!.id}/offers`
    const wrong = [
      ...[{}, { isOffered: true }, { model: 'spare' }, { model: 'spare', isOffered: 'maybe' }, []],
      ...[
        { model: 'x'.repeat(201), isOffered: true },
        { model: 'spare', isOffered: true, more: 1 }
      ]
    ]
    for (const json of wrong) {
      expect((await callDashboard(gateway, owner, path, { method: 'PUT', json })).status, JSON.stringify(json)).toBe(
        400
      )
    }
    expect((await offer('x'.repeat(200))).status).toBe(404)
  })

  it('may offer so many, and not one more', async () => {
    const names = Array.from({ length: MAX_OFFERS + 1 }, (_, at) => `m${at}`)
    await withModels(names)
    for (const name of names.slice(1)) expect((await offer(name)).status).toBe(200)
    expect((await offer(names[0])).status).toBe(409)
    expect((await offer(names[1], false)).status).toBe(200)
    expect((await offer(names[0])).status).toBe(200)
  })

  it('leaves nothing of it behind, nor of what was found, with their account', async () => {
    await withModels(['spare'])
    await offer('spare')
    const rows = async () => {
      const { db } = gateway.database
      const offers = await db.selectFrom('service_offers').select('service_id').execute()
      return [...offers, ...(await db.selectFrom('service_finds').select('service_id').execute())].length
    }
    expect(await rows()).toBe(2)
    const account = { method: 'DELETE', json: { email: owner.email } }
    expect((await callDashboard(gateway, owner, 'account', account)).status).toBeLessThan(300)
    await waitFor(async () => (await rows()) === 0)
  })

  it('finds what is not there, or cannot be used, refused', async () => {
    await withModels([], { models: [{ name: 'half', incomplete: true, serves: [] }] })
    expect((await offer('half')).status).toBe(404)
    expect((await offer('nobody')).status).toBe(404)
    expect((await offer('nobody', false)).status).toBe(200)
  })
})

describe('an agent that is asked', () => {
  it('may say no, in words, and be asked again', async () => {
    const agent = await withModels(['spare'])
    await offer('spare')
    const { revision } = await asked(agent, ['spare'])
    agent.send({ ...accept(revision), refused: [{ name: 'spare', text: 'No room.' }] })
    await waitFor(async () => (await stateOf('spare'))?.state === 'refused')
    expect(await stateOf('spare')).toMatchObject({ text: 'No room.' })
    await offer('spare')
    expect(await stateOf('spare')).toMatchObject({ state: 'asked' })
    const again = await agent.received('service.offer', (message) => message.revision > revision)
    agent.send(accept(again.revision, 'spare'))
    await waitFor(async () => (await stateOf('spare'))?.state === 'accepted')
  })

  it('cannot offer more than it was asked for, nor under the name of another', async () => {
    const agent = await withModels(['spare', 'other'])
    await Promise.all([offer('spare'), offer('other')])
    const { revision } = await agent.received('service.offer', (message) => message.models.length === 2)
    const lie = accept(revision, 'spare', 'uninvited', 'other')
    lie.models[2]!.id = 'paint'
    lie.models.push({ name: 'spare', id: 'twice', features: ['generate'] })
    agent.send(lie)
    await waitFor(async () => (await stateOf('spare'))?.state === 'accepted')
    expect(await models()).toEqual(['paint', 'spare-id'])
    expect(await stateOf('other')).toMatchObject({ state: 'asked' })
  })

  it('counts by its answer to the newest word alone', async () => {
    const agent = await withModels(['spare', 'other'])
    await offer('spare')
    const first = await asked(agent, ['spare'])
    await offer('spare', false)
    await offer('other')
    const last = await asked(agent, ['other'])
    agent.send(accept(first.revision, 'spare'))
    agent.send(accept(last.revision + 1, 'other'))
    agent.send(accept(last.revision, 'other'))
    await waitFor(async () => (await stateOf('other'))?.state === 'accepted')
    expect(await models()).toEqual(['other-id', 'paint'])
    // Taken back at once, whatever it says.
    await offer('other', false)
    expect(await models()).toEqual(['paint'])
    agent.send(accept(last.revision, 'other'))
    agent.send({ type: 'service.state', service: 'service-0', state: 'warning', text: 'later' })
    await waitFor(async () => (await service()).warning)
    expect(await models()).toEqual(['paint'])
  })

  it('keeps what it accepted through a new connection, until it says otherwise', async () => {
    const agent = await withModels(['spare'])
    await offer('spare')
    const { revision } = await asked(agent, ['spare'])
    agent.send(accept(revision, 'spare'))
    await waitFor(async () => (await models()).length === 2)
    await agent.close()
    const again = await connect()
    expect(await models()).toEqual(['paint', 'spare-id'])
    expect((await asked(again, ['spare'])).revision).toBe(revision)
    // Nothing of it is given to it before.
    const submitted = await gateway.call('/v1/images/generations', { key, json: { ...SMALL, model: 'spare-id', async: true } }) // prettier-ignore
    expect(submitted.status).toBe(202)
    expect(again.messages.some(({ type }) => type === 'attempt.assigned')).toBe(false)
    again.send(accept(revision, 'spare'))
    expect((await again.received('attempt.assigned')).model).toBe('spare-id')
    again.send({ ...accept(revision), refused: [{ name: 'spare', text: 'Gone.' }] })
    await waitFor(async () => (await models()).length === 1)
  })

  it('of an older version is not asked, and what a newer one accepted is offered no more', async () => {
    const agent = await withModels(['spare'])
    await offer('spare')
    agent.send(accept((await asked(agent, ['spare'])).revision, 'spare'))
    await waitFor(async () => (await models()).length === 2)
    await agent.close()
    const old = await connect([])
    expect(await models()).toEqual(['paint'])
    expect(await stateOf('spare')).toMatchObject({ state: 'asked' })
    old.send(inventory(['spare'], { may_offer: false }))
    await waitFor(async () => (await service()).found)
    expect((await offer('spare')).status).toBe(409)
    expect(old.messages.some(({ type }) => type === 'service.offer')).toBe(false)
  })

  it('by a model that others serve waits to be let in', async () => {
    await gateway.close()
    gateway = await startTestGateway({ strangers: true })
    const first = await gateway.addPerson({ role: 'admin' })
    const known = await connectRawAgent({ url: gateway.url, key: (await gateway.addKey(first)).key })
    await known.hello({ name: 'known', services: [{ models: [{ id: 'spare-id', features: ['generate'] }] }] })
    owner = await gateway.addPerson()
    key = (await gateway.addKey(owner)).key
    const agent = await connect()
    const rig = async () =>
      (await callDashboard<NetworkState>(gateway, owner, 'network')).body.providers.find(({ isMine }) => isMine)!
    await gateway.database.db.updateTable('providers').set({ trust: 'trusted' }).where('name', '=', 'rig').execute()
    agent.send(inventory(['spare']))
    await waitFor(async () => (await rig()).services[0]?.spareModels === 1)
    const { id, services } = await rig()
    const path = `providers/${id}/services/${services[0]!.id}/offers`
    await callDashboard(gateway, owner, path, { method: 'PUT', json: { model: 'spare', isOffered: true } })
    agent.send(accept((await asked(agent, ['spare'])).revision, 'spare'))
    await waitFor(async () => (await rig()).services[0]?.models.length === 2)
    expect((await rig()).trust.state).toBe('pending')
  })
})
