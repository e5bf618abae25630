import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Overview } from '../../src/http/dashboard/contract/account.ts'
import type { NetworkState, ServiceInfo } from '../../src/http/dashboard/contract/network.ts'
import { FIRST_LOOK_WITHIN_MS } from '../../src/providers/pause-store.ts'
import { startAnswering } from '../support/answering-server.ts'
import { plainPng } from '../support/pictures.ts'
import { connectRawAgent, type RawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let owner: { key: string; cookie: string }
beforeEach(async () => {
  gateway = await startTestGateway()
  const { id, cookie } = await gateway.addPerson()
  owner = { cookie, key: (await gateway.addKey({ id })).key }
})
afterEach(() => gateway.close())

const get = async (path: string) => (await gateway.call(path, { headers: { cookie: owner.cookie } })).json()

async function services(): Promise<ServiceInfo[]> {
  return ((await get('/api/dashboard/network')) as NetworkState).providers.flatMap((provider) => provider.services)
}

/** Which models can be made, and which are looked at, of all services. */
async function standing(): Promise<{ made: string[]; awaited: string[] }> {
  const models = (await services()).flatMap((service) => service.models)
  return {
    made: models.filter(({ canMake }) => canMake).map(({ id }) => id),
    awaited: models.filter(({ isAwaited }) => isAwaited).map(({ id }) => id)
  }
}

const machines = async () => ((await get('/api/dashboard/overview')) as Overview).machines

interface Listed {
  id: string
  providers: number
  waiting?: { reason: string; until?: number }
}
const listed = async () =>
  ((await (await gateway.call('/v1/models', { key: owner.key })).json()) as { data: Listed[] }).data

const call = (more: object = {}) =>
  gateway.call('/v1/images/generations', {
    key: owner.key,
    json: { model: 'paint', prompt: 'a fox', size: '32x32', ...more }
  })
const submit = async () => ((await (await call({ async: true })).json()) as { id: string }).id
const job = async (id: string) =>
  (await (await gateway.call(`/v1/jobs/${id}`, { key: owner.key })).json()) as {
    status: string
    attempts: unknown[]
    waiting?: { reason: string }
  }

const models = [{ id: 'paint', servedAs: 'paint', features: ['generate' as const] }]
const probing = { firstPauseMs: 20, longestPauseMs: 100 }

describe('a machine that connects for the first time', () => {
  it('serves nothing before its agent has looked at its image server, and what is asked meanwhile is made then', async () => {
    const look = Promise.withResolvers<undefined>()
    const image = (await plainPng({ width: 32, height: 32 }, [1, 2, 3])).toString('base64')
    const url = await startAnswering((request, response) => {
      const isList = request.url === '/v1/models'
      const body = isList ? { data: [{ id: 'paint' }] } : { created: 1, data: [{ b64_json: image }] }
      const status = isList || request.method === 'POST' ? 200 : 404
      void look.promise.then(() =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      )
    })
    await gateway.addAgent({
      key: owner.key,
      services: [{ engine: 'openai', url: `${url}/v1`, models }],
      probing
    })
    expect(await standing()).toEqual({ made: [], awaited: ['paint'] })
    expect((await services())[0]?.warning).toBeNull()
    expect(await machines()).toEqual({ online: 1, able: 0 })
    const [offer] = await listed()
    expect(offer).toMatchObject({ id: 'paint', providers: 0, waiting: { reason: 'looking' } })
    expect(offer?.waiting?.until).toBeLessThanOrEqual(Math.ceil((Date.now() + FIRST_LOOK_WITHIN_MS) / 1000))
    const id = await submit()
    const answer = call()
    const { attempts, waiting } = await job(id)
    expect([attempts, waiting?.reason]).toEqual([[], 'looking'])
    expect(waiting).not.toHaveProperty('gives_up_at')

    look.resolve(undefined)
    expect((await answer).status).toBe(200)
    await waitFor(async () => (await job(id)).status === 'PROCESSED')
    expect(await standing()).toEqual({ made: ['paint'], awaited: [] })
    expect((await listed())[0]).not.toHaveProperty('waiting')
    expect(await machines()).toEqual({ online: 1, able: 1 })
  })

  it('is never ready where its image server refuses it', async () => {
    const look = Promise.withResolvers<undefined>()
    const url = await startAnswering((_request, response) => {
      void look.promise.then(() => response.writeHead(401).end())
    })
    await gateway.addAgent({
      key: owner.key,
      services: [{ engine: 'openai', url: `${url}/v1`, apiKey: 'wrong', models }],
      probing
    })
    const id = await submit()
    expect((await job(id)).waiting?.reason).toBe('looking')
    look.resolve(undefined)
    const seen: string[] = []
    await waitFor(async () => {
      seen.push(...(await standing()).made)
      return (await services())[0]?.warning
    })
    expect(seen).toEqual([])
    expect(await job(id)).toMatchObject({ attempts: [], waiting: { reason: 'unusable' } })
    // It has been so since it was found so.
    const pauses = await gateway.database.db.selectFrom('service_pauses').selectAll().execute()
    expect(pauses).toMatchObject([{ reason: 'unreachable', in_row: 1 }])
  })
})

describe('what an agent offers for the first time', () => {
  const offer = (id: string) => ({ id, features: ['generate' as const] })
  const service = (name: string, ...ids: string[]) => ({ name, models: ids.map(offer) })
  const connect = async (offered: ReturnType<typeof service>[], probes = true): Promise<RawAgent> => {
    const agent = await connectRawAgent({ url: gateway.url, key: owner.key })
    await agent.hello({ name: 'rig', services: offered, probes })
    return agent
  }
  const tell = (agent: RawAgent, name: string, missing: string[] = []) =>
    agent.send({
      type: 'service.state',
      service: name,
      ...(missing.length === 0
        ? { state: 'ok', text: '' }
        : { state: 'warning', text: 'It lacks some.', models_missing: missing })
    })

  it('is looked at first, and what was there before stays as it was', async () => {
    const agent = await connect([service('one', 'a')])
    expect(await standing()).toEqual({ made: [], awaited: ['a'] })
    tell(agent, 'one')
    await waitFor(async () => (await standing()).made.length === 1)
    await agent.close()

    const again = await connect([service('one', 'a', 'b', 'c'), service('two', 'd')])
    expect(await standing()).toEqual({ made: ['a'], awaited: ['b', 'c', 'd'] })
    tell(again, 'one', ['b'])
    await waitFor(async () => (await standing()).awaited.length === 1)
    expect(await standing()).toEqual({ made: ['a', 'c'], awaited: ['d'] })
    expect((await services())[0]?.models.filter(({ isMissing }) => isMissing).map(({ id }) => id)).toEqual(['b'])
    await again.close()

    // Taken out for a while it may be otherwise since; what was found missing stays so.
    await (await connect([service('one', 'a', 'b')])).close()
    const third = await connect([service('one', 'a', 'b'), service('two', 'd')])
    expect(await standing()).toEqual({ made: ['a'], awaited: ['d'] })
    await third.close()
  })

  it('is looked at on the next connection where that ended before anything was told', async () => {
    const agent = await connect([service('one', 'a')])
    await agent.close()
    await gateway.database.db.updateTable('service_pauses').set({ until: 0 }).execute()
    const again = await connect([service('one', 'a')])
    expect(await standing()).toEqual({ made: [], awaited: ['a'] })
    tell(again, 'one')
    await waitFor(async () => (await standing()).made.length === 1)
    await again.close()
    const third = await connect([service('one', 'a')])
    expect(await standing()).toEqual({ made: ['a'], awaited: [] })
    await third.close()
  })

  it('is taken for ready where nothing is told in time, or nothing will be', async () => {
    const agent = await connect([service('one', 'a')])
    const [pause] = await gateway.database.db.selectFrom('service_pauses').selectAll().execute()
    expect(Number(pause?.until) - Number(pause?.since)).toBe(FIRST_LOOK_WITHIN_MS)
    await gateway.database.db.updateTable('service_pauses').set({ until: 0 }).execute()
    expect(await standing()).toEqual({ made: ['a'], awaited: [] })
    await agent.close()
    const older = await connect([service('one', 'a'), service('two', 'b')], false)
    expect(await standing()).toEqual({ made: ['a', 'b'], awaited: [] })
    await older.close()
  })
})
