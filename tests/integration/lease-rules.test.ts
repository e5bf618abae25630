import { claimOne } from '../support/claim-one.ts'
import { HOUR_MS } from '../../src/lib/durations.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { askWarm } from '../../src/providers/service-warms-store.ts'
import { viewRequest } from '../../src/request-views/view-request.ts'
import { listAttemptsOfTask, listExpired } from '../../src/requests/attempt-store.ts'
import { MOST_LOSSES } from '../../src/requests/retry-policy.ts'
import { findTask, listTasks } from '../../src/requests/task-store.ts'
import { failingCommits } from '../support/failing-commits.ts'
import { type Connection, deliveredImage, LEASE_MS, type LeaseWorld, openLeaseWorld } from '../support/lease-world.ts'

/*
 * Which test breaks which sentence of ARCHITECTURE.md on requests that are durable and on leases.
 *
 * Every reply that promises something waits until the log is on disk
 *   202, 200, job read, event                   durability: while the disk has not kept it
 *   the answer to a PUT, cancel, retry, batch,
 *   list, deletion, key made or revoked         wal-held: while the disk has not kept it
 *   a webhook                                   webhook-tries: delivers nothing that a power cut could undo
 * A reply waits when there are commits not yet
 * synced, and only then                         wal-sync: a reply; durability: what is on disk already
 * One fdatasync at a time, which many wait for  wal-sync: is one of many that a single sync serves
 * A failed sync stops the process               wal-sync: a failed sync
 * Checkpoints run off the event loop            checkpointer: moves a log that has grown
 * Temp file, sync, rename, sync of the folder   the object store contract; crash: leaves no row without its bytes
 *
 * A lease lasts 30 s                            below: lasts as long as configured, by default 30 s
 *   and is renewed while its session lives      leases: keeps its work as long as it is there
 *   from when its agent was heard last          below: of an agent that is silent; leases: is noticed by its silence
 * A result counts under its own token only      lease-fuzz; agent-protocol: of its own with a wrong token neither
 * Lapsing makes the task claimable              leases: loses its work to another when its lease has run out
 * A late result under the current token counts  leases: may still deliver while nobody else has taken the work
 *   and under another one does not              leases: is too late (twice); crash: playTakeover
 * The PUT is idempotent                         delivery: can be repeated, twice at once; crash: playTakeover
 * What the agent lacks is queued again at once  agents: the newer goes on with what it names; below: is lost once
 * What is no longer its own it is told          agents: the same; below: another token; leases: whose request was canceled meanwhile
 * A starting gateway gives a reconnect grace    below: a gateway that starts
 * Reconnect backoff is capped at 5 s            gateway-link: never waits longer than 5 s
 * Provider identity is (owner, name)            agents: neither minds one of another owner or another name
 * The epoch is checked by claims                claims: is refused to a connection that a newer one has replaced
 *   and by renewals                             below: of a replaced connection; lease-fuzz
 * A replaced agent says so and waits 30 s       gateway-link: that was replaced
 * Revoking a key closes and voids               agents: a key that is revoked; shut-out-agents
 * An agent survives the gateway                 leases: an agent whose connection breaks; crash
 */

const failCommits = failingCommits()

let world: LeaseWorld

beforeEach(async () => {
  world = await openLeaseWorld({ gateways: 1 })
})
afterEach(() => world.close())

const operations = () => world.gateways[0]!.requests
const db = () => world.gateways[0]!.database.db

/** A request for one image that an agent has been given. */
async function arrange(): Promise<{ id: string; taskId: string; lease: Lease; agent: Connection }> {
  const agent = await world.connect(0, { name: 'rig' })
  const id = await world.submit(0, 1)
  const [task] = await listTasks(db(), id)
  return { id, taskId: task!.id, lease: await claim(task!.id, agent), agent }
}

interface Lease {
  id: string
  token: string
}

async function claim(taskId: string, agent: Connection): Promise<Lease> {
  const task = await findTask(db(), taskId)
  const given = await claimOne(operations(), { task: task!, ...agent })
  return { id: given!.attemptId, token: given!.token }
}

const attempt = async (id: string) => (await operations().findAttempt(id))!
const task = async (id: string) => (await findTask(db(), id))!
const lapse = async () => {
  world.clock.advance(LEASE_MS + 1)
  return operations().expireLeases()
}

describe('a lease', () => {
  it('lasts as long as configured, by default 30 s', async () => {
    expect(loadConfig({}).limits.leaseMs).toBe(30_000)
    const { lease } = await arrange()
    world.clock.advance(LEASE_MS)
    expect(await operations().expireLeases()).toBe(0)
    world.clock.advance(1)
    expect(await operations().expireLeases()).toBe(1)
    expect(await attempt(lease.id)).toMatchObject({ state: 'lapsed', reason: 'lease_lapsed' })
  })

  it('that was renewed since it was found to have run out does not lapse', async () => {
    const { lease, taskId, agent } = await arrange()
    world.clock.advance(LEASE_MS + 1)
    const [found] = await listExpired(db(), world.clock.now(), 10)
    await operations().renewConnections([{ ...agent, draining: false, silentForMs: 0 }])
    expect(await operations().fail(found!, { reason: 'lease_lapsed', message: '' })).toBe(false)
    expect(await attempt(lease.id)).toMatchObject({ state: 'running' })
    expect(await task(taskId)).toMatchObject({ state: 'running', losses: 0 })
  })

  it('of an agent that is silent lasts from when it was heard last, also when it is given work meanwhile', async () => {
    const { lease, taskId, agent } = await arrange()
    const heardAt = world.clock.now() - 2000
    await operations().renewConnections([{ ...agent, draining: false, silentForMs: 2000 }])
    expect((await attempt(lease.id)).lease_until).toBe(heardAt + LEASE_MS)
    world.clock.advance(LEASE_MS - 1999)
    await operations().renewConnections([{ ...agent, draining: false, silentForMs: LEASE_MS + 1 }])
    expect(await operations().expireLeases()).toBe(1)
    expect(await task(taskId)).toMatchObject({ state: 'queued', losses: 1 })
    const { online_until } = await db().selectFrom('providers').selectAll().executeTakeFirstOrThrow()
    expect(online_until).toBeLessThan(world.clock.now())
  })

  it('that has run out while this process was held up is not lost when the agent was heard meanwhile', async () => {
    const { lease, agent } = await arrange()
    world.clock.advance(LEASE_MS + 1)
    const renew = async () => {
      await operations().renewConnections([{ ...agent, draining: false, silentForMs: 10 }])
    }
    expect(await operations().expireLeases({ renew })).toBe(0)
    expect(await attempt(lease.id)).toMatchObject({ state: 'running' })
  })

  it('that two processes find lapsed is one loss', async () => {
    const { taskId } = await arrange()
    world.clock.advance(LEASE_MS + 1)
    const [found] = await listExpired(db(), world.clock.now(), 10)
    for (const expected of [true, false]) {
      expect(await operations().fail(found!, { reason: 'lease_lapsed', message: '' })).toBe(expected)
    }
    expect(await task(taskId)).toMatchObject({ state: 'queued', losses: 1 })
  })

  it('of an agent that comes back without the work after it has lapsed is lost once, not twice', async () => {
    const { taskId, lease } = await arrange()
    await lapse()
    await world.connect(0, { name: 'rig' })
    expect(await task(taskId)).toMatchObject({ state: 'queued', losses: 1, current_attempt_id: null })
    expect(await attempt(lease.id)).toMatchObject({ state: 'failed' })
  })

  it('of an agent that comes back with another token than its own is lost, and it is told', async () => {
    const { taskId, lease } = await arrange()
    const back = await world.connect(0, { name: 'rig', attempts: [{ ...lease, token: `${lease.token}x` }] })
    expect([back.resumed, back.gone]).toEqual([[], [lease.id]])
    expect(await task(taskId)).toMatchObject({ state: 'queued', losses: 1, current_attempt_id: null })
  })

  it('of an agent that comes back without the work in time is lost at once', async () => {
    const { taskId } = await arrange()
    await world.connect(0, { name: 'rig' })
    expect(await task(taskId)).toMatchObject({ state: 'queued', losses: 1, current_attempt_id: null })
  })

  it('that a newer connection goes on with is not voided with the older one', async () => {
    const { lease, agent } = await arrange()
    const read = await attempt(lease.id)
    const newer = await world.connect(0, { name: 'rig', attempts: [lease] })
    await operations().disconnectAgent(agent, { voided: true })
    // Also when the older one's end had read the attempt before the newer one came.
    expect(await operations().fail(read, { reason: 'agent_lost', message: '' })).toBe(false)
    expect(await attempt(lease.id)).toMatchObject({ state: 'running', epoch: newer.epoch })
  })

  it('of an agent that says goodbye is no loss, however often it restarts', async () => {
    const { taskId, agent } = await arrange()
    await operations().disconnectAgent(agent, { voided: true })
    for (let restart = 0; restart < MOST_LOSSES; restart += 1) {
      expect(await task(taskId)).toMatchObject({ state: 'queued', losses: 0, current_attempt_id: null })
      const again = await world.connect(0, { name: 'rig' })
      await claim(taskId, again)
      await operations().disconnectAgent(again, { voided: true })
    }
    expect(await task(taskId)).toMatchObject({ state: 'queued', losses: 0, node_faults: 0 })
  })

  it('of an agent that comes back with the work after it has lapsed is no loss, however often', async () => {
    const { taskId, lease } = await arrange()
    for (let absence = 0; absence < MOST_LOSSES + 1; absence += 1) {
      await lapse()
      expect(await task(taskId)).toMatchObject({ state: 'queued', losses: 1 })
      await world.connect(0, { name: 'rig', attempts: [lease] })
      expect(await task(taskId)).toMatchObject({ state: 'running', losses: 0 })
    }
    expect(await operations().finish(await attempt(lease.id), deliveredImage())).toBe(true)
  })

  it('of an agent that restarts without a word is a loss, and five of them are the end', async () => {
    expect(MOST_LOSSES).toBe(5)
    const { taskId } = await arrange()
    for (let losses = 1; losses < MOST_LOSSES; losses += 1) {
      const again = await world.connect(0, { name: 'rig' })
      expect(await task(taskId)).toMatchObject({ state: 'queued', losses })
      await claim(taskId, again)
    }
    await world.connect(0, { name: 'rig' })
    expect(await task(taskId)).toMatchObject({ state: 'failed', losses: MOST_LOSSES, error_code: 'upstream_error' })
  })

  it('of a replaced connection is not renewed by it', async () => {
    const { lease, agent } = await arrange()
    await world.connect(0, { name: 'rig', attempts: [lease] })
    const { lease_until: before } = await attempt(lease.id)
    world.clock.advance(1000)
    const alive = await operations().renewConnections([{ ...agent, draining: false, silentForMs: 0 }])
    expect(alive.has(agent.providerId)).toBe(false)
    expect((await attempt(lease.id)).lease_until).toBe(before)
  })

  it('that has lapsed ends with its task when nobody comes for it', async () => {
    const { id, lease, taskId } = await arrange()
    await lapse()
    const late = await attempt(lease.id)
    world.clock.advance(3_600_001)
    await operations().expireWaiting()
    expect(await task(taskId)).toMatchObject({ state: 'failed', error_code: 'no_provider' })
    expect(await attempt(lease.id)).toMatchObject({ state: 'failed' })
    expect(await operations().finish(late, deliveredImage())).toBe(false)
    expect(await viewRequest(world.gateways[0]!, id)).toMatchObject({ outputs: [], request: { state: 'failed' } })
  })
})

describe('a gateway that starts', () => {
  it('lets no lease lapse for one lease, however long it was away', async () => {
    const { lease, taskId } = await arrange()
    world.clock.advance(LEASE_MS * 100)
    await operations().giveGrace()
    world.clock.advance(LEASE_MS)
    expect(await operations().expireLeases()).toBe(0)
    const back = await world.connect(0, { name: 'rig', attempts: [lease] })
    expect(back.gone).toEqual([])
    expect(await operations().finish(await attempt(lease.id), deliveredImage())).toBe(true)
    expect(await task(taskId)).toMatchObject({ state: 'succeeded', losses: 0 })
  })

  it('shortens no lease', async () => {
    const { lease } = await arrange()
    const { lease_until: before } = await attempt(lease.id)
    await operations().giveGrace()
    expect((await attempt(lease.id)).lease_until).toBe(before)
  })

  it('keeps those online who were, and nobody else', async () => {
    const gone = await world.connect(0, { name: 'gone' })
    await operations().disconnectAgent(gone, { voided: false })
    const online = await world.connect(0, { name: 'online' })
    world.clock.advance(LEASE_MS - 1)
    await operations().giveGrace()
    world.clock.advance(LEASE_MS - 1)
    const now = world.clock.now()
    const rows = await db().selectFrom('providers').select(['id', 'online_until']).execute()
    expect(rows.filter((row) => row.online_until > now).map((row) => row.id)).toEqual([online.providerId])
  })
})

const JUMPS = [2 * HOUR_MS, -2 * HOUR_MS, 160_000, -160_000]
const follow = () => operations().followClock(world.clock)
const online = async () => {
  const rows = await db().selectFrom('providers').selectAll().execute()
  return rows.filter((row) => row.online_until > world.clock.now()).map((row) => row.name)
}

describe.each(JUMPS)("a machine's clock that is set by %i ms", (ms) => {
  it('ends no lease and prolongs none, seen or not yet seen', async () => {
    const { lease, agent } = await arrange()
    world.clock.advance(10_000)
    world.clock.jump(ms)
    expect(await operations().expireLeases()).toBe(0)
    expect(await online()).toEqual(['rig'])
    await follow()
    expect(await operations().expireLeases()).toBe(0)
    expect(await online()).toEqual(['rig'])
    world.clock.advance(LEASE_MS - 10_000)
    expect(await operations().expireLeases()).toBe(0)
    world.clock.advance(1)
    expect(await online()).toEqual([])
    expect(await operations().expireLeases()).toBe(1)
    await operations().renewConnections([{ ...agent, draining: false, silentForMs: 0 }])
    expect(await online()).toEqual(['rig'])
    expect(await attempt(lease.id)).toMatchObject({ state: 'lapsed' })
  })

  it('brings nobody back who has gone', async () => {
    await operations().disconnectAgent(await world.connect(0, { name: 'gone' }), { voided: false })
    world.clock.advance(60_000)
    await world.connect(0, { name: 'here' })
    world.clock.jump(ms)
    await follow()
    expect(await online()).toEqual(['here'])
  })

  it('while the gateway is away keeps those online who were, as far as can be told, and every lease for its time', async () => {
    const { lease } = await arrange()
    await operations().disconnectAgent(await world.connect(0, { name: 'gone' }), { voided: false })
    world.clock.advance(1)
    const [here] = await db().selectFrom('providers').selectAll().where('name', '=', 'rig').execute()
    await operations().renewConnections([{ providerId: here!.id, epoch: 1, draining: false, silentForMs: 0 }])
    world.clock.jump(ms)
    // A process that starts has the machine's clock.
    world.clock.moveBy(world.clock.lag())
    await operations().giveGrace()
    // Ahead it is as if it had been away for that long.
    expect(await online()).toEqual(ms < 0 ? ['rig'] : [])
    world.clock.advance(LEASE_MS)
    expect(await operations().expireLeases()).toBe(0)
    world.clock.advance(1)
    expect(await online()).toEqual([])
    expect(await operations().expireLeases()).toBe(1)
    expect(await attempt(lease.id)).toMatchObject({ state: 'lapsed' })
  })

  it('makes the wish that a model is loaded neither older nor younger', async () => {
    const { providerId, serviceId } = await world.connect(0, { name: 'rig' })
    const { model } = await db().selectFrom('service_models').select('model').executeTakeFirstOrThrow()
    await askWarm(db(), { providerId, serviceId, model, now: world.clock.now() })
    world.clock.advance(60_000)
    world.clock.jump(ms)
    await follow()
    const { asked_at, until } = await db().selectFrom('service_warms').selectAll().executeTakeFirstOrThrow()
    expect([world.clock.now() - asked_at, until - world.clock.now()]).toEqual([60_000, 9 * 60_000])
  })

  it.each(['before', 'after'])('is nothing to a pause that begins while it is followed, just %s', async (when) => {
    const { lease, agent } = await arrange()
    await claim((await listTasks(db(), await world.submit(0, 1)))[0]!.id, agent)
    const held = await attempt(lease.id)
    const failing = () => operations().fail(held, { reason: 'busy', message: 'Later.', retryAfterMs: 50_000 })
    const [renewed] = [{ ...agent, draining: false, silentForMs: 0 }]
    world.clock.jump(ms)
    const began =
      when === 'before'
        ? [failing(), operations().renewConnections([renewed!]), follow()]
        : [follow(), failing(), operations().renewConnections([renewed!])]
    await Promise.all(began)
    const now = world.clock.now()
    const [pause] = await db().selectFrom('service_pauses').select('until').execute()
    expect(pause!.until - now).toBe(50_000)
    const leases = await db().selectFrom('attempts').select('lease_until').where('state', '=', 'running').execute()
    expect(leases.map(({ lease_until }) => lease_until - now)).toEqual([LEASE_MS])
  })

  it('is followed with all that it measures, or not yet', async () => {
    const { lease } = await arrange()
    world.clock.jump(ms)
    failCommits({ times: 1 })
    await expect(follow()).rejects.toThrow('full')
    expect(world.clock.lag()).toBe(ms)
    expect((await attempt(lease.id)).lease_until).toBe(world.clock.now() + LEASE_MS)
    await follow()
    expect(world.clock.lag()).toBe(0)
    expect((await attempt(lease.id)).lease_until).toBe(world.clock.now() + LEASE_MS)
  })

  it('moves the times of pauses and the ends of cooling along', async () => {
    const { agent } = await arrange()
    const until = world.clock.now() + 20_000
    const pause = { service_id: agent.serviceId, model: '', reason: 'busy', since: until - 30_000, until, in_row: 1 }
    await db().insertInto('service_pauses').values(pause).execute()
    await db().updateTable('services').set({ cooling_until: until }).execute()
    world.clock.jump(ms)
    await follow()
    expect(await db().selectFrom('service_pauses').select(['since', 'until']).execute()).toEqual([
      { since: pause.since + ms, until: until + ms }
    ])
    expect(await db().selectFrom('services').select('cooling_until').execute()).toEqual([{ cooling_until: until + ms }])
  })
})

describe('a lease that no clock could have given', () => {
  it('lasts one lease from when it is found', async () => {
    const { lease } = await arrange()
    await db()
      .updateTable('attempts')
      .set({ lease_until: world.clock.now() + HOUR_MS })
      .execute()
    expect(await operations().expireLeases()).toBe(0)
    expect((await attempt(lease.id)).lease_until).toBe(world.clock.now() + LEASE_MS)
  })
})

it('the attempts of a task count also when the clock was set back after it was queued', async () => {
  const agent = await world.connect(0, { name: 'rig' })
  const [queued] = await listTasks(db(), await world.submit(0, 1))
  world.clock.jump(-2 * HOUR_MS)
  await follow()
  const { id } = await claim(queued!.id, agent)
  expect((await attempt(id)).assigned_at).toBe(queued!.queued_at)
  expect((await listAttemptsOfTask(db(), queued!)).map((one) => one.id)).toEqual([id])
})
