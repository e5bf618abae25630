import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  FoundPeople,
  NetworkState,
  ProviderDetail,
  ServiceTermsChange
} from '../../src/http/dashboard/contract/network.ts'
import { pino } from 'pino'
import { runAgent } from '../../src/agent/run-agent.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { generate } from '../support/image-calls.ts'
import { apiErrorOf, readError } from '../support/read-error.ts'
import { agentConfig, startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let owner: Somebody
let friend: Somebody
beforeEach(async () => {
  gateway = await startTestGateway()
  owner = await addSomebody()
  friend = await addSomebody()
  await connect()
})
afterEach(() => gateway.close())

type Somebody = Awaited<ReturnType<typeof addSomebody>>
async function addSomebody(role: 'admin' | 'member' = 'member') {
  const person = await gateway.addPerson({ role })
  return { ...person, ...(await gateway.addKey({ id: person.id })) }
}

const connect = (file: { imagesPerUserHour?: number; access?: 'private' | string[] } = {}) =>
  gateway.addAgent({
    key: owner.key,
    name: 'rig',
    services: [{ name: 'a', models: [{ id: 'm', servedAs: 'm', features: ['generate'] }], ...file }]
  })
const make = ({ client }: Somebody, fields: object = {}) =>
  generate(client, { model: 'm', size: '64x64', steps: 1, ...fields })
const submit = async (person: Somebody) => ((await make(person, { async: true })) as unknown as { id: string }).id
const jobOf = async (id: string, { key }: Somebody) =>
  (await (await gateway.call(`/v1/jobs/${id}`, { key })).json()) as { status: string; waiting?: { reason: string } }
/** Another image waits because somebody has had enough of it. */
const waits = async (person: Somebody) => {
  const id = await submit(person)
  expect((await waitFor(async () => (await jobOf(id, person)).waiting)).reason).toBe('capped')
  return id
}
const look = async ({ cookie }: Somebody) => {
  const response = await gateway.call('/api/dashboard/network', { headers: { cookie } })
  const provider = ((await response.json()) as NetworkState).providers[0]
  return provider && { id: provider.id, service: provider.services[0]! }
}
const NONE: ServiceTermsChange = {
  access: null,
  people: [],
  imagesPerHour: null,
  imagesPerUserHour: null,
  isPaused: false
}
const put = async (change: object, { as = owner, service }: { as?: Somebody; service?: string } = {}) => {
  const found = (await look(owner))!
  return gateway.call(`/api/dashboard/providers/${found.id}/services/${service ?? found.service.id}/terms`, {
    method: 'PUT',
    headers: { cookie: as.cookie },
    json: { ...NONE, ...change }
  })
}
const find = async (providerId: string, q: string) => {
  const path = `/api/dashboard/providers/${providerId}/people?q=${encodeURIComponent(q)}`
  return (await (await gateway.call(path, { headers: { cookie: owner.cookie } })).json()) as FoundPeople
}
const set = async (change: Partial<ServiceTermsChange>) => {
  const response = await put(change)
  expect(response.status).toBe(200)
  return ((await response.json()) as ProviderDetail).services[0]!
}

const SERVICES = [{ name: 'a', models: [{ id: 'm', servedAs: 'demo', features: ['generate' as const] }] }]

describe('what the owner of a service sets in the dashboard', () => {
  it('caps others at that many images, and lets them go on when it is lifted', async () => {
    await set({ imagesPerUserHour: 2 })
    await make(friend)
    await make(friend)
    const id = await waits(friend)
    await make(owner)
    // Who asks for what nobody has is told what there is for them.
    const unknown = async (person: Somebody) => (await apiErrorOf(make(person, { model: 'nothing' }))).message
    expect(await unknown(friend)).toContain("Nothing can be made now: 'm' waits for the hourly limits of its machines.")
    expect(await unknown(owner)).toContain("Available: 'm'.")
    await set({ imagesPerUserHour: 3, imagesPerHour: 2 })
    expect(await jobOf(id, friend)).toMatchObject({ status: 'QUEUED', waiting: { reason: 'capped' } })
    await set({ imagesPerUserHour: 'none' })
    await gateway.drain()
    expect((await jobOf(id, friend)).status).toBe('PROCESSED')
  })

  it("wins over the agent's file, however often it connects, until it is taken back", async () => {
    const file = { imagesPerUserHour: 1 }
    await connect(file)
    const changed = await set({ imagesPerUserHour: 'none', imagesPerHour: 7 })
    expect(changed).toMatchObject({
      imagesPerHour: 7,
      imagesPerUserHour: null,
      terms: {
        set: { imagesPerUserHour: 'none', imagesPerHour: 7 },
        file: { imagesPerUserHour: 1, imagesPerHour: null }
      }
    })
    await connect(file)
    await make(friend)
    await make(friend)
    expect(await set({})).toMatchObject({ imagesPerHour: null, imagesPerUserHour: 1, terms: { set: NONE } })
    await waits(friend)
    await connect({ imagesPerUserHour: 5 })
    await gateway.drain()
  })

  it('opens it to the people chosen, whatever the file says, and shows them to nobody else', async () => {
    await connect({ access: 'private' })
    const other = await addSomebody()
    expect(await apiErrorOf(make(friend))).toMatchObject({ code: 'no_provider' })
    const { id } = (await look(owner))!
    const { people: names } = await find(id, '')
    expect(names).toContainEqual({ id: friend.id, name: friend.name })
    expect(names.map((person) => person.id)).not.toContain(owner.id)
    for (const person of names) expect(Object.keys(person).toSorted()).toEqual(['id', 'name'])
    const changed = await set({ access: 'listed', people: [friend.id] })
    expect(changed).toMatchObject({ access: 'listed', listed: [friend.name], terms: { file: { access: 'private' } } })
    expect(changed.terms?.people).toEqual([{ id: friend.id, name: friend.name }])
    await make(friend)
    expect(await apiErrorOf(make(other))).toMatchObject({ code: 'no_provider' })
    expect((await look(friend))!.service).toMatchObject({ listed: null, terms: null })
    await set({ access: 'private' })
    expect(await look(friend)).toBeUndefined()
  })

  /** The same machine, whose terminal is read. */
  const openTerminal = async () => {
    const said: string[] = []
    const logger = pino(
      { level: 'info' },
      { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) }
    )
    const agent = runAgent({
      config: agentConfig({ gateway: gateway.url, key: owner.key, name: 'rig', services: SERVICES }),
      logger,
      probing: 'off'
    })
    await agent.online
    const heard = (words: RegExp) => waitFor(() => said.some((line) => words.test(line)), 2000)
    return { agent, said, heard }
  }

  it('is told in the terminal of the machine when others have reached a cap, and when they may go on', async () => {
    const { agent, said, heard } = await openTerminal()
    await make(friend)
    await set({ imagesPerHour: 2, imagesPerUserHour: 1 })
    await heard(/^a: somebody has had the one image .* \(images_per_user_hour\)\. The next from \d\d:\d\d on\./)
    await make(owner)
    await set({ imagesPerHour: 1, imagesPerUserHour: 1 })
    await heard(/^a: others have had the one image .* \(images_per_hour\)\. More from \d\d:\d\d on\./)
    // It is told anew on each connection, and says it once; what ended while it was away it says, too.
    await agent.reload(agentConfig({ gateway: gateway.url, key: owner.key, name: 'rig', services: SERVICES }))
    await set({ imagesPerUserHour: 1 })
    await heard(/^a: others who have not had theirs may have images again/)
    await set({})
    await heard(/^a: everybody whom it serves may have images again/)
    expect(said.filter((line) => line !== 'a: an image was made')).toHaveLength(4)
    await agent.stop()
  })

  it.each<[string, Partial<ServiceTermsChange>]>([
    ['is made its owner\u2019s alone', { access: 'private' }],
    ['is paused', { isPaused: true }]
  ])('is told nothing of the caps of a service that %s, in whichever order that is set', async (_what, closing) => {
    const { agent, said, heard } = await openTerminal()
    const caps = () => said.filter((line) => /images_per/.test(line))
    const told = (count: number) => waitFor(() => caps().length === count, 2000)
    const file = agentConfig({ gateway: gateway.url, key: owner.key, name: 'rig', services: SERVICES })
    const { id } = (await look(owner))!
    const session = () => gateway.gateway.context.registry.sessions().find(({ providerId }) => providerId === id)
    const reconnect = async () => {
      const before = session()?.epoch
      await agent.reload(file)
      await waitFor(() => (session()?.epoch ?? 0) > before!)
    }
    await make(friend)
    await set({ imagesPerHour: 1, ...closing })
    await reconnect()
    // Opened while it is reached others get nothing yet, which is told; as it would have been before anything that was told of it.
    await set({ imagesPerHour: 1 })
    await told(1)
    await set({ imagesPerHour: 1, ...closing })
    await set(closing)
    await set({})
    await set({ imagesPerHour: 1 })
    await told(2)
    await set(closing)
    await reconnect()
    await set({})
    await set({ imagesPerHour: 1 })
    await told(3)
    await set({})
    await heard(/^a: others may have images again/)
    expect(caps().map((line) => line.slice(0, 18))).toEqual([
      ...Array<string>(3).fill('a: others have had'),
      'a: others may have'
    ])
    await agent.stop()
  })

  it('is not told as reached while an image that may fail holds the last place, which comes back when it does', async () => {
    const models = [{ id: 'by hand', features: ['generate' as const] }]
    const rig = await startHandWorker(gateway, {
      key: owner.key,
      services: [{ name: 'slow', models, concurrency: 2, images_per_hour: 2 }],
      accepts: ['provider.capped']
    })
    const ask = async (prompt: string) => {
      const accepted = await make(friend, { model: 'by hand', prompt, async: true })
      return (accepted as unknown as { id: string }).id
    }
    const waitOf = async (id: string) => (await jobOf(id, friend)).waiting
    const told = () => rig.agent.messages.findLast((message) => message.type === 'provider.capped')?.reached
    const ended = (id: string) => waitFor(async () => (await jobOf(id, friend)).status === 'PROCESSED')
    const until = expect.any(Number) as number

    const [first, second, third] = [await ask('first'), await ask('second'), await ask('third')]
    const [one, other] = [await rig.next(), await rig.next()]
    expect(await waitOf(third)).toEqual({ reason: 'capped', being_made: 2 })
    await rig.finish(one)
    await ended(first)
    expect(await waitOf(third)).toEqual({ reason: 'capped', until, being_made: 1 })
    const { data } = (await (await gateway.call('/v1/models', { key: friend.key })).json()) as {
      data: { id: string }[]
    }
    expect(data.find(({ id }) => id === 'by hand')).toMatchObject({
      waiting: { reason: 'capped', until, being_made: 1 },
      hourly: { images: 2, left: 0 }
    })

    const { attempt_id, token } = other
    rig.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'crashed', message: 'no' })
    // One of the two has the place now, and the other waits for it.
    const last = await rig.next()
    const [made, waiting] = last.task.prompt === 'third' ? [third, second] : [second, third]
    expect(await waitOf(waiting)).toEqual({ reason: 'capped', until, being_made: 1 })
    const { provider_id: id } = await rig.agent.received('gateway.welcome')
    expect(await gateway.gateway.context.requests.findReachedCaps([id])).toEqual(new Map())
    await rig.finish(last)
    await ended(made)
    expect(await waitOf(waiting)).toEqual({ reason: 'capped', until })
    gateway.database.bell.ring('providers')
    await waitFor(() => told()?.length === 1)
    expect(told()).toEqual([{ service: 'slow', cap: 'images_per_hour', images: 2, for_ms: until }])
    await rig.close()
  })

  it('is told in the terminal of the machine when it pauses anything, or no longer', async () => {
    const { agent, said, heard } = await openTerminal()
    await set({ isPaused: true })
    await heard(/^Paused on the dashboard: a\./)
    await set({})
    await heard(/^Nothing of this machine is paused/)
    const { id } = (await look(owner))!
    const drain = (path: string) =>
      gateway.call(`/api/dashboard/providers/${id}/${path}`, { method: 'POST', headers: { cookie: owner.cookie } })
    expect((await drain('drain')).status).toBeLessThan(300)
    await heard(/^This machine is paused on the dashboard/)
    expect(said).toHaveLength(3)
    await agent.stop()
  })

  it('pauses it for everybody; what is asked for waits and goes on afterwards', async () => {
    await set({ isPaused: true })
    expect(await apiErrorOf(make(owner))).toMatchObject({
      code: 'no_provider',
      message: expect.stringContaining("Your machine 'rig' serves 'm', and is paused.")
    })
    expect((await apiErrorOf(make(friend))).message).toContain("What serves 'm' is paused for now.")
    const id = await submit(friend)
    expect(await jobOf(id, friend)).toMatchObject({ status: 'QUEUED', waiting: { reason: 'drained' } })
    await connect()
    expect((await look(friend))!.service.isPaused).toBe(true)
    await set({})
    await gateway.drain()
    expect((await jobOf(id, friend)).status).toBe('PROCESSED')
  })

  it('is nobody else\u2019s to set, not even an admin\u2019s', async () => {
    const admin = await addSomebody('admin')
    for (const as of [friend, admin]) {
      expect((await readError(await put({ isPaused: true }, { as }))).code).toBe('permission_denied')
    }
    const { id } = (await look(owner))!
    const people = await gateway.call(`/api/dashboard/providers/${id}/people`, { headers: { cookie: friend.cookie } })
    expect(people.status).toBe(403)
    await set({ access: 'private' })
    expect((await put({}, { as: friend })).status).toBe(404)
    expect((await put({}, { service: 'svc_other' })).status).toBe(404)
    expect(await look(owner)).toMatchObject({ service: { access: 'private', isPaused: false } })
  })

  it.each([
    ['imagesPerHour', 1, 200],
    ['imagesPerHour', 1_000_000, 200],
    ['imagesPerHour', 0, 400],
    ['imagesPerUserHour', 1_000_001, 400],
    ['imagesPerUserHour', 1.5, 400],
    ['imagesPerUserHour', 'many', 400],
    ['access', 'everybody', 400],
    ['access', 'listed', 400],
    ['people', ['usr_nobody'], 200],
    ['people', 'a list of 1001', 400],
    ['people', 'x', 400],
    ['people', [''], 400],
    ['isPaused', 'perhaps', 400],
    ['frob', 1, 400]
  ])('of which %s may be %j: %i', async (field, value, status) => {
    const response = await put({ [field]: value })
    expect(response.status).toBe(status)
    if (status === 400) {
      const param = field === 'access' && value === 'listed' ? 'people' : field
      const error = await readError(response)
      expect(error).toMatchObject({ code: 'invalid_request', param })
      // Whoever means to give nothing is told how.
      if (value === 0) expect(error.message).toContain("'private' as 'access'")
    }
  })

  it('finds people by words of their names, the first fifty of a club of any size', async () => {
    const { id } = (await look(owner))!
    const now = Date.now()
    const rows = Array.from({ length: 1100 }, (_, index) => ({
      ...{ id: `usr_${index}`, email: `${index}@example.org`, name: `Member ${String(index).padStart(4, '0')}` },
      ...{ role: 'member' as const, created_at: now, updated_at: now }
    }))
    for (let at = 0; at < rows.length; at += 100) {
      await gateway.database.db
        .insertInto('users')
        .values(rows.slice(at, at + 100))
        .execute()
    }
    const all = await find(id, 'member')
    expect([all.people.length, all.hasMore, all.people[0]?.name]).toEqual([50, true, 'Member 0000'])
    expect(await find(id, ' 1099  mem')).toEqual({ people: [{ id: 'usr_1099', name: 'Member 1099' }], hasMore: false })
    expect((await find(id, '05')).people.length).toBe(50)
    const few = await find(id, 'member 010')
    expect([few.people.length, few.hasMore]).toEqual([12, false])
    expect((await find(id, owner.name)).people.map((one) => one.id)).not.toContain(owner.id)
    const path = `/api/dashboard/providers/${id}/people?q=`
    const status = async (q: string) => (await gateway.call(path + q, { headers: { cookie: owner.cookie } })).status
    expect([await status('x'.repeat(200)), await status('x'.repeat(201)), await status('x&frob=1')]).toEqual([
      ...[200, 400, 400]
    ])
  })

  it('lists nobody that is not there, and at most a thousand', async () => {
    const lists = [['usr_nobody'], Array(1001).fill(friend.id), [`x${'y'.repeat(200)}`]]
    for (const people of lists) expect((await put({ access: 'listed', people })).status).toBe(400)
    expect((await put({ access: 'listed', people: Array(1000).fill(friend.id) })).status).toBe(200)
  })
})

describe('what is left of a model', () => {
  const hourlyFor = async ({ key }: Somebody) => {
    const { data } = (await (await gateway.call('/v1/models', { key })).json()) as {
      data: { id: string; hourly?: object }[]
    }
    return data.find(({ id }) => id === 'm')?.hourly
  }

  it('is told to those who may have so much within an hour, and to nobody else', async () => {
    expect(await hourlyFor(friend)).toBeUndefined()
    await set({ imagesPerUserHour: 3 })
    expect(await hourlyFor(friend)).toEqual({ images: 3, left: 3, provider: 'rig', shared: false })
    await make(friend, { n: 2 })
    const next = expect.any(Number) as number
    expect(await hourlyFor(friend)).toEqual({ images: 3, left: 1, next, provider: 'rig', shared: false })
    expect(await hourlyFor(await addSomebody())).toMatchObject({ left: 3 })
    expect(await hourlyFor(owner)).toBeUndefined()
    await set({ imagesPerHour: 2, imagesPerUserHour: 3 })
    expect(await hourlyFor(await addSomebody())).toEqual({ images: 2, left: 0, next, provider: 'rig', shared: true })
    // Of more than there may be by now it is the first that makes room.
    const { db } = gateway.database
    const had = await db.selectFrom('usage_images').selectAll().where('user_id', '=', friend.id).execute()
    const [first, second] = had.toSorted((a, b) => a.created_at - b.created_at)
    const earlier = { created_at: first!.created_at - 1_800_000 }
    await db.updateTable('usage_images').set(earlier).where('asset_id', '=', first!.asset_id).execute()
    const endOf = (at: number) => Math.ceil((at + 3_600_001) / 1000)
    expect(await hourlyFor(friend)).toMatchObject({ left: 0, next: endOf(earlier.created_at) })
    await set({ imagesPerHour: 1, imagesPerUserHour: 3 })
    expect(await hourlyFor(friend)).toMatchObject({ left: 0, next: endOf(second!.created_at) })
  })

  it('is of all its machines together, and not told while one of them has no such limit', async () => {
    await set({ imagesPerUserHour: 3 })
    const models = [{ id: 'm', servedAs: 'm', features: ['generate' as const] }]
    const second = { key: owner.key, name: 'second' }
    const agent = await gateway.addAgent({ ...second, services: [{ name: 'b', models, imagesPerUserHour: 4 }] })
    await waitFor(async () => ((await hourlyFor(friend)) as { images: number }).images === 7)
    expect(await hourlyFor(friend)).toEqual({ images: 7, left: 7, shared: false })
    await agent.stop()
    await gateway.addAgent({ ...second, services: [{ name: 'b', models }] })
    await waitFor(async () => (await hourlyFor(friend)) === undefined)
  })
})
