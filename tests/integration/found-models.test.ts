import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NetworkState, ProviderDetail } from '../../src/http/dashboard/contract/network.ts'
import { CLOSE_CODES } from '../../src/protocol/messages.ts'
import type { ServiceInventory } from '../../src/protocol/service-inventory.ts'
import { MAX_INVENTORY_BYTES } from '../../src/protocol/service-inventory.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { type FakeComfyServer, startFakeComfy } from '../support/fake-comfyui-server.ts'
import { connectRawAgent, type RawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

type Person = Awaited<ReturnType<TestGateway['addPerson']>>

let gateway: TestGateway
let owner: Person
let key: string
let server: FakeComfyServer | undefined
beforeEach(async () => {
  gateway = await startTestGateway()
  owner = await gateway.addPerson()
  key = (await gateway.addKey(owner)).key
})
afterEach(async () => {
  await gateway.close()
  await server?.close()
  server = undefined
})

const network = async (reader: Person) => (await callDashboard<NetworkState>(gateway, reader, 'network')).body
const detail = async (reader: Person) => {
  const [provider] = (await network(reader)).providers
  return (await callDashboard<ProviderDetail>(gateway, reader, `providers/${provider?.id}`)).body
}
const service = async (reader: Person) => (await detail(reader)).services[0]!
const inventory = (more: Partial<ServiceInventory> = {}): ServiceInventory => ({
  type: 'service.inventory',
  service: 'service-0',
  models: [{ name: 'secret-project.safetensors', serves: ['paint'] }],
  loras: ['secret-face'],
  more_models: 1,
  more_loras: 2,
  usable_loras: [],
  ...more
})
const connect = async (models = [{ id: 'paint', features: ['generate' as const] }]): Promise<RawAgent> => {
  const agent = await connectRawAgent({ url: gateway.url, key })
  await agent.hello({ name: 'rig', services: [{ models }] })
  return agent
}
const stored = () => gateway.database.db.selectFrom('service_finds').selectAll().execute()

describe('what an image server has', () => {
  it('is on the page of the machine, from the server itself', async () => {
    server = await startFakeComfy({
      checkpoints: ['sd15.safetensors', 'spare.safetensors'],
      diffusionModels: [],
      sizes: { 'spare.safetensors': 6_900_000_000 }
    })
    const models = [{ id: 'sd', servedAs: 'sd15.safetensors', features: ['generate' as const] }]
    await gateway.addAgent({ key, services: [{ engine: 'comfyui', url: server.url, models }], probing: {} })
    const found = await waitFor(async () => (await service(owner)).found)
    expect(found.models).toEqual([
      { name: 'sd15.safetensors', bytes: null, isIncomplete: false, serves: ['sd'] },
      { name: 'spare.safetensors', bytes: 6_900_000_000, isIncomplete: false, serves: [] }
    ])
    expect((await network(owner)).providers[0]?.services[0]).toMatchObject({ spareModels: 1, found })
    const admin = await gateway.addPerson({ role: 'admin' })
    expect((await network(admin)).providers[0]?.services[0]).toMatchObject({ spareModels: 1, found: null })
  })

  it('is for its owner and admins: others see what is offered, and whether that is loaded', async () => {
    const agent = await connect()
    agent.send(inventory())
    agent.send({ type: 'service.state', service: 'service-0', state: 'ok', text: '', models_loaded: ['paint'] })
    await waitFor(async () => (await service(owner)).models[0]?.isLoaded)
    const admin = await gateway.addPerson({ role: 'admin' })
    expect((await service(admin)).found?.loras).toEqual(['secret-face'])
    // One that is not named is one all the same.
    expect((await service(admin)).spareModels).toBe(1)
    const stranger = await gateway.addPerson()
    expect(await service(stranger)).toMatchObject({
      found: null,
      spareModels: null,
      models: [{ id: 'paint', isLoaded: true }]
    })
    for (const seen of [await network(stranger), await detail(stranger)]) {
      expect(JSON.stringify(seen)).not.toContain('secret')
    }
    const models = await (await gateway.call('/v1/models', { headers: { cookie: stranger.cookie } })).text()
    expect(models).not.toContain('secret')
  })

  it('is listed with each model as far as callers may name it', async () => {
    const agent = await connect([
      { id: 'paint', features: ['generate' as const] },
      { id: 'plain', features: ['generate' as const] }
    ])
    agent.send(inventory({ usable_loras: [{ models: ['paint', 'nobody'], loras: ['ink', 'film'] }] }))
    await waitFor(async () => (await stored()).length === 1)
    const answer = await gateway.call('/v1/models', { key })
    const { data } = (await answer.json()) as { data: { id: string; loras: string[] }[] }
    expect(data.map(({ id, loras }) => [id, loras])).toEqual([
      ['paint', ['film', 'ink']],
      ['plain', []]
    ])
  })

  it('is told anew by each connection, and forgotten with the service', async () => {
    const agent = await connect()
    agent.send(inventory())
    await waitFor(async () => (await stored()).length === 1)
    const again = await connectRawAgent({ url: gateway.url, key })
    await again.hello({ name: 'rig', services: [{ name: 'other', models: [{ id: 'paint', features: [] }] }] })
    expect(await stored()).toEqual([])
    again.send(inventory({ service: 'other' }))
    await waitFor(async () => (await stored()).length === 1)
    await again.close()
    const { id } = (await network(owner)).providers[0]!
    await waitFor(async () => !(await detail(owner)).isOnline)
    expect((await service(owner)).found).not.toBeNull()
    expect((await callDashboard(gateway, owner, `providers/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await stored()).toEqual([])
  })

  it('is told again by an agent whose connection broke off, without its server being asked', async () => {
    server = await startFakeComfy({ checkpoints: ['sd15.safetensors'], diffusionModels: [] })
    const models = [{ id: 'sd', servedAs: 'sd15.safetensors', features: ['generate' as const] }]
    await gateway.addAgent({ key, services: [{ engine: 'comfyui', url: server.url, models }], probing: {} })
    const told = await waitFor(async () => (await service(owner)).found)
    const calls = server.calls.length
    const { registry } = gateway.gateway.context
    const [session] = registry.sessions()
    session?.close(CLOSE_CODES.internal, 'come back')
    await waitFor(() => registry.sessions().some(({ epoch }) => epoch === 2))
    const toldAgain = await waitFor(async () => (await service(owner)).found)
    expect(toldAgain).toEqual({ ...told, at: toldAgain.at })
    expect(toldAgain.at).toBeGreaterThan(told.at)
    expect(server.calls.length).toBe(calls)
  })

  it('counts from the newest connection only, and of a service that it has', async () => {
    const old = await connect()
    await gateway.database.db
      .updateTable('providers')
      .set((e) => ({ epoch: e('epoch', '+', 1) }))
      .execute()
    old.send(inventory())
    old.send(inventory({ service: 'nobody' }))
    const fresh = await connect()
    fresh.send(inventory({ loras: ['fresh'] }))
    await waitFor(async () => (await stored()).length === 1)
    expect((await service(owner)).found?.loras).toEqual(['fresh'])
  })

  it.each([0, 1])('is kept up to its bytes, and not with %d more', async (more) => {
    const agent = await connect()
    agent.send(inventory({ loras: ['first'] }))
    await waitFor(async () => (await stored()).length === 1)
    const empty = inventory({ loras: [] })
    const names = Array.from({ length: 300 }, (_, index) => `${String(index).padStart(3, '0')}${'x'.repeat(197)}`)
    const full = { ...empty, loras: names }
    const room = MAX_INVENTORY_BYTES - Buffer.byteLength(JSON.stringify(full))
    // The rest is filled by names of models, which are of as many bytes as are needed.
    const models = Array.from({ length: 200 }, () => ({ name: 'm', serves: [] as string[] }))
    const bytes = () => Buffer.byteLength(JSON.stringify({ ...full, models }))
    expect(room).not.toBe(0)
    while (bytes() > MAX_INVENTORY_BYTES - 200) full.loras = full.loras.slice(1)
    const missing = MAX_INVENTORY_BYTES + more - bytes()
    for (let left = missing, at = 0; left > 0; at++) {
      const length = Math.min(left, 190)
      models[at] = { name: `m${'y'.repeat(length)}`, serves: [] }
      left -= length
    }
    expect(bytes()).toBe(MAX_INVENTORY_BYTES + more)
    agent.send({ ...full, models })
    agent.send({ type: 'service.state', service: 'service-0', state: 'warning', text: 'later' })
    await waitFor(async () => (await service(owner)).warning)
    const finds = (await service(owner)).found
    expect(finds?.models.length).toBe(more === 0 ? 200 : 1)
  })
})
