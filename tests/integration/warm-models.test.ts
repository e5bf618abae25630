import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WarmInfo } from '../../src/http/dashboard/contract/network.ts'
import { MAX_WARM_CHARS, MAX_WARMS, type ServiceWarmed } from '../../src/protocol/service-warms.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { type FakeSdapi, startFakeSdapi } from '../support/fake-sdapi.ts'
import { SMALL } from '../support/image-calls.ts'
import { type OwnMachine, startOwnMachine } from '../support/own-machine.ts'
import { connectRawAgent, type RawAgent } from '../support/raw-agent.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: OwnMachine['gateway']
let owner: OwnMachine['owner']
let key: string
let provider: OwnMachine['provider']
let service: OwnMachine['service']
let tellWish: OwnMachine['tellWish']
let server: FakeSdapi | undefined
beforeEach(async () => {
  ;({ gateway, owner, key, provider, service, tellWish } = await startOwnMachine())
})
afterEach(async () => {
  await gateway.close()
  await server?.close()
  server = undefined
})

const stateOf = async (model: string) => (await service()).warms?.find((one) => one.model === model)
const until = (model: string, state: WarmInfo['state']) =>
  waitFor(async () => {
    const found = await stateOf(model)
    return found?.state === state ? found : undefined
  })
const isLoaded = async (model: string) => (await service()).models.find(({ id }) => id === model)?.isLoaded
const warm = (json: unknown, by = owner) => tellWish('warms', json, by)
const makeOlder = (byMs: number) =>
  gateway.database.db
    .updateTable('service_warms')
    .set((e) => ({ asked_at: e('asked_at', '-', byMs), until: e('until', '-', byMs) }))
    .execute()

describe('a model of a machine', () => {
  const own = ['dream', 'other'].map((id) => ({ id, servedAs: id, features: ['generate' as const] }))
  const checkpoints = [{ file: 'dream.safetensors' }, { file: 'other.safetensors' }]
  const addAgent = (more: { warmModels?: false } = {}) =>
    gateway.addAgent({
      key,
      name: 'rig',
      services: [{ engine: 'automatic1111', url: server!.url, models: own, ...more }],
      probing: {}
    })
  const ask = (model: string) => gateway.call('/v1/images/generations', { key, json: { ...SMALL, model } })

  it('is loaded when its owner says so, and counts as loaded', async () => {
    server = await startFakeSdapi({ checkpoints })
    await addAgent()
    await waitFor(async () => (await isLoaded('dream')) === true)
    expect((await warm({ model: 'other' })).status).toBe(200)
    await until('other', 'warmed')
    expect(server.state()).toMatchObject({ inMemory: 'other.safetensors', calls: [] })
    await waitFor(async () => (await isLoaded('other')) === true)
    expect(await isLoaded('dream')).toBe(false)
  })

  it('waits for images, which go first even when it is being loaded', async () => {
    server = await startFakeSdapi({ checkpoints })
    await addAgent()
    server.control({ loads: true })
    await warm({ model: 'other' })
    await until('other', 'warming')
    expect((await ask('dream')).status).toBe(200)
    expect(server.state().inMemory).toBe('dream.safetensors')
    server.control({ hold: true, loads: false })
    const image = ask('dream')
    await waitFor(() => server?.state().current)
    server.control({ hold: false })
    expect((await image).status).toBe(200)
    await until('other', 'warmed')
    expect(server.state().inMemory).toBe('other.safetensors')
  })

  it('is not loaded while its owner makes pictures there, nor where the file says no', async () => {
    server = await startFakeSdapi({ checkpoints })
    const agent = await addAgent()
    server.control({ owners: true })
    await warm({ model: 'other' })
    expect(await until('other', 'refused')).toMatchObject({ text: expect.stringContaining('owner') })
    server.control({ hold: false })
    await agent.stop()
    await addAgent({ warmModels: false })
    await warm({ model: 'other' })
    await waitFor(async () => (await stateOf('other'))?.text?.includes('warm_models'))
    expect(server.state().inMemory).toBe('dream.safetensors')
  })

  it('that is being loaded when its agent goes away is loaded by the next', async () => {
    server = await startFakeSdapi({ checkpoints })
    const agent = await addAgent()
    server.control({ loads: true })
    await warm({ model: 'other' })
    await until('other', 'warming')
    await agent.stop()
    server.control({ loads: false })
    await addAgent()
    await until('other', 'warmed')
  })
})

const models = (ids: string[]) => ids.map((id) => ({ id, features: ['generate' as const] }))
const connect = async (ids = ['paint'], accepts = ['service.warm']): Promise<RawAgent> => {
  const agent = await connectRawAgent({ url: gateway.url, key })
  await agent.hello({ name: 'rig', services: [{ models: models(ids) }], accepts })
  return agent
}
const answer = (
  wish: string,
  state: ServiceWarmed['state'],
  { model = 'paint', text = '' }: { model?: string; text?: string } = {}
): ServiceWarmed => ({ type: 'service.warmed', service: 'service-0', model, wish, state, text })

describe('who may have models loaded', () => {
  it('is the owner alone: admins may not, and strangers know nothing of it', async () => {
    await connect()
    const admin = await gateway.addPerson({ role: 'admin' })
    expect((await warm({ model: 'paint' }, admin)).status).toBe(403)
    await gateway.database.db.updateTable('services').set({ access: '"private"' }).execute()
    expect((await warm({ model: 'paint' }, await gateway.addPerson())).status).toBe(404)
    expect(await stateOf('paint')).toBeUndefined()
  })

  it('is told of what is no model of it', async () => {
    await connect()
    for (const json of [{}, [], { model: 7 }, { model: 'x'.repeat(201) }, { model: 'paint', more: 1 }]) {
      expect((await warm(json)).status, JSON.stringify(json)).toBe(400)
    }
    expect((await warm({ model: 'x'.repeat(200) })).status).toBe(404)
    const { id } = await provider()
    const put = { method: 'PUT', json: { model: 'paint' } }
    expect((await callDashboard(gateway, owner, `providers/${id}/services/svc_x/warms`, put)).status).toBe(404)
  })

  it('may wish so many at a time, and not one more', async () => {
    const ids = Array.from({ length: MAX_WARMS + 1 }, (_, at) => `m${at}`)
    const agent = await connect(ids)
    for (const model of ids.slice(1)) expect((await warm({ model })).status).toBe(200)
    expect((await warm({ model: ids[0] })).status).toBe(409)
    // Nor does it count that one is wished twice.
    expect((await warm({ model: ids[1] })).status).toBe(200)
    const { wish } = await agent.received('service.warm', ({ model }) => model === 'm1')
    agent.send(answer(wish, 'warmed', { model: 'm1' }))
    await until('m1', 'warmed')
    expect((await warm({ model: ids[0] })).status).toBe(200)
  })

  it('leaves nothing of it behind with their account', async () => {
    await connect()
    await warm({ model: 'paint' })
    const rows = () => gateway.database.db.selectFrom('service_warms').select('wish').execute()
    expect(await rows()).toHaveLength(1)
    const account = { method: 'DELETE', json: { email: owner.email } }
    expect((await callDashboard(gateway, owner, 'account', account)).status).toBeLessThan(300)
    await waitFor(async () => (await rows()).length === 0)
  })
})

describe('an agent that is to load a model', () => {
  it('is told once, says how it goes, and why not', async () => {
    const agent = await connect()
    await warm({ model: 'paint' })
    expect(await stateOf('paint')).toMatchObject({ state: 'asked', text: null })
    const { wish } = await agent.received('service.warm')
    await warm({ model: 'paint' })
    agent.send(answer(wish, 'waiting'))
    await until('paint', 'waiting')
    agent.send(answer(wish, 'warming'))
    await until('paint', 'warming')
    agent.send(answer(wish, 'failed', { text: 'x'.repeat(MAX_WARM_CHARS) }))
    expect((await until('paint', 'failed')).text).toHaveLength(MAX_WARM_CHARS)
    expect(agent.messages.filter(({ type }) => type === 'service.warm')).toHaveLength(1)
    // What it says after the end is of no wish.
    agent.send(answer(wish, 'warmed'))
    await warm({ model: 'paint' })
    const again = await agent.received('service.warm', (message) => message.wish !== wish)
    agent.send(answer(wish, 'refused'))
    agent.send(answer(again.wish, 'warmed'))
    await until('paint', 'warmed')
    await waitFor(async () => (await isLoaded('paint')) === true)
  })

  it('says no more than a sentence', async () => {
    const agent = await connect()
    await warm({ model: 'paint' })
    const { wish } = await agent.received('service.warm')
    agent.send(answer(wish, 'failed', { text: 'x'.repeat(MAX_WARM_CHARS + 1) }))
    expect(await agent.closed).toBe(4000)
  })

  it('is told again when it comes back, under the same name, and not for ever', async () => {
    const agent = await connect()
    await agent.close()
    await waitFor(async () => !(await provider()).isOnline)
    await warm({ model: 'paint' })
    const back = await connect()
    const { wish } = await back.received('service.warm')
    back.send(answer(wish, 'warming'))
    await until('paint', 'warming')
    await back.close()
    const third = await connect()
    expect((await third.received('service.warm')).wish).toBe(wish)
    await third.close()
    await makeOlder(30 * 60_000)
    const late = await connect()
    expect(await stateOf('paint')).toMatchObject({ state: 'failed', text: expect.stringMatching(/in time/) })
    await warm({ model: 'paint' })
    expect((await late.received('service.warm')).wish).not.toBe(wish)
  })

  it('is not waited for longer than ten minutes when it is away, nor is what became of it shown longer than an hour', async () => {
    await (await connect()).close()
    await warm({ model: 'paint' })
    await makeOlder(10 * 60_000 - 5000)
    expect(await stateOf('paint')).toMatchObject({ state: 'asked' })
    await makeOlder(5001)
    expect(await stateOf('paint')).toMatchObject({ state: 'failed' })
    await makeOlder(60 * 60_000)
    expect(await stateOf('paint')).toBeUndefined()
  })

  it('is not, of an older version, and its owner is told', async () => {
    const agent = await connect(['paint'], [])
    await warm({ model: 'paint' })
    expect(await until('paint', 'unsupported')).toMatchObject({ text: expect.stringContaining('version') })
    expect(agent.messages.some(({ type }) => type === 'service.warm')).toBe(false)
  })

  it('answers for nothing of a connection that another has taken over', async () => {
    const first = await connect()
    await warm({ model: 'paint' })
    const { wish } = await first.received('service.warm')
    await gateway.database.db.updateTable('providers').set((e) => ({ epoch: e('epoch', '+', 1) })).execute() // prettier-ignore
    first.send(answer(wish, 'warmed'))
    await first.closed
    expect(await stateOf('paint')).toMatchObject({ state: 'asked' })
  })
})
