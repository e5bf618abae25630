import { claimOne } from '../support/claim-one.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { findWait } from '../../src/request-views/find-wait.ts'
import { viewRequest } from '../../src/request-views/view-request.ts'
import { queueOutlooks, shownState } from '../../src/request-views/queue-outlook.ts'
import { listExpired } from '../../src/requests/attempt-store.ts'
import { findTask, listTasks } from '../../src/requests/task-store.ts'
import {
  type Connection,
  deliveredImage,
  LEASE_MS,
  type LeaseWorld,
  openLeaseWorld,
  readRows
} from '../support/lease-world.ts'

/*
 * What may become of an image that a busy service holds ready (a standby), and of nothing else: it waits as before, for
 * whoever is idle; it runs when its holder begins it; and when it is let go it is as if it had never been held.
 */

let world: LeaseWorld
let rig: Connection

beforeEach(async () => {
  world = await openLeaseWorld({ gateways: 1 })
  rig = await world.connect(0, { name: 'rig' })
})
afterEach(() => world.close())

const operations = () => world.gateways[0]!.requests
const db = () => world.gateways[0]!.database.db
const task = async (id: string) => (await findTask(db(), id))!
const attempt = (id: string) => operations().findAttempt(id)

/** An image that `rig` holds ready. */
async function arrange(): Promise<{ id: string; taskId: string; held: { id: string; token: string } }> {
  const id = await world.submit(0, 1)
  const taskId = (await listTasks(db(), id))[0]!.id
  const given = await claim(taskId, rig, { isStandby: true })
  return { id, taskId, held: { id: given!.attemptId, token: given!.token } }
}

const claim = async (taskId: string, agent: Connection, more: { isStandby?: boolean } = {}) =>
  claimOne(operations(), { task: await task(taskId), ...agent, ...more })

const WAITING = { state: 'queued', held: 0, current_attempt_id: null, losses: 0, node_faults: 0, refusals: 0 }

/** Nothing of it is left, and it may be held ready again. */
async function expectNeverHeld(taskId: string, attemptId: string): Promise<void> {
  expect(await task(taskId)).toMatchObject(WAITING)
  expect(await attempt(attemptId)).toBeUndefined()
  expect((await readRows(world.gateways[0]!.database)).miscounts).toEqual([])
  expect(await claim(taskId, rig, { isStandby: true })).toBeDefined()
}

describe('an image that is held ready', () => {
  it('waits: it is shown as no attempt, as not running and at its place, and its request has not begun', async () => {
    const { id, taskId, held } = await arrange()
    expect(await task(taskId)).toMatchObject({ state: 'queued', held: 1, current_attempt_id: held.id })
    const view = (await viewRequest(world.gateways[0]!, id))!
    expect(view).toMatchObject({ request: { state: 'queued', started_at: null }, attempts: [] })
    const outlook = (await queueOutlooks({ ...world.gateways[0]!, limits: loadConfig({}).limits }, [view])).get(id)
    expect([outlook?.position, outlook?.wait, shownState(view, outlook)]).toEqual([1, undefined, 'queued'])
  })

  it('is taken by whoever is idle, as any other, and is no attempt of the one who held it', async () => {
    const { id, taskId, held } = await arrange()
    const idle = await world.connect(0, { name: 'idle' })
    const given = (await claim(taskId, idle))!
    expect(await task(taskId)).toMatchObject({ state: 'running', held: 0, current_attempt_id: given.attemptId })
    expect(await attempt(held.id)).toBeUndefined()
    // Nothing that its holder still says changes anything.
    expect(await operations().startStandby(held.id)).toBe(false)
    expect(await operations().releaseStandby(held.id)).toBe(false)
    expect(await operations().finish((await attempt(given.attemptId))!, deliveredImage())).toBe(true)
    const view = await viewRequest(world.gateways[0]!, id)
    expect(view).toMatchObject({ request: { state: 'succeeded' }, attempts: [{ id: given.attemptId }] })
  })

  it('is held by one at a time', async () => {
    const { taskId } = await arrange()
    const other = await world.connect(0, { name: 'other' })
    expect(await claim(taskId, other, { isStandby: true })).toBeUndefined()
  })

  it('is not held while a lapsed attempt may still bring it', async () => {
    const { taskId } = await arrange()
    const given = (await claim(taskId, rig))!
    world.clock.advance(LEASE_MS + 1)
    await operations().expireLeases()
    expect(await attempt(given.attemptId)).toMatchObject({ state: 'lapsed' })
    const other = await world.connect(0, { name: 'other' })
    expect(await claim(taskId, other, { isStandby: true })).toBeUndefined()
    expect(await operations().finish((await attempt(given.attemptId))!, deliveredImage())).toBe(true)
  })

  it('runs from when its holder begins it, once however often that is said', async () => {
    const { id, taskId, held } = await arrange()
    world.clock.advance(5000)
    expect(await operations().startStandby(held.id)).toBe(true)
    expect(await operations().startStandby(held.id)).toBe(true)
    const now = world.clock.now()
    expect(await task(taskId)).toMatchObject({ state: 'running', held: 0, current_attempt_id: held.id })
    expect(await attempt(held.id)).toMatchObject({ state: 'running', assigned_at: now })
    expect(await viewRequest(world.gateways[0]!, id)).toMatchObject({ request: { state: 'running', started_at: now } })
    expect(await operations().releaseStandby(held.id)).toBe(false)
    expect(await operations().finish((await attempt(held.id))!, deliveredImage())).toBe(true)
  })

  it.each([
    ['drained', () => db().updateTable('providers').set({ drained_at: 1 }).execute()],
    [
      'replaced by a newer connection',
      () =>
        db()
          .updateTable('providers')
          .set((e) => ({ epoch: e('epoch', '+', 1) }))
          .execute()
    ],
    ['blocked for its caller', () => blockCaller()],
    ['no longer let near others', () => db().updateTable('providers').set({ trust: 'blocked' }).execute()],
    ['asked for patience', () => pause()]
  ])('does not begin on a machine that is %s meanwhile, and waits', async (_, change) => {
    const { taskId, held } = await arrange()
    await giveAway()
    await change()
    expect(await operations().startStandby(held.id)).toBe(false)
    expect(await task(taskId)).toMatchObject(WAITING)
    expect(await attempt(held.id)).toBeUndefined()
  })

  it('begins on the machine of somebody else', async () => {
    const { held } = await arrange()
    await giveAway()
    expect(await operations().startStandby(held.id)).toBe(true)
  })

  /** Has the machine be somebody else's. */
  const giveAway = async () => {
    const other = { id: 'usr_2', name: 'o', email: 'o@example.org', role: 'member', created_at: 1, updated_at: 1 }
    await db().insertInto('users').values(other).execute()
    await db().updateTable('providers').set({ owner_id: other.id }).execute()
  }
  const blockCaller = () =>
    db()
      .insertInto('provider_blocks')
      .values({ provider_id: rig.providerId, user_id: world.principal.userId, created_at: 1 })
      .execute()
  const pause = () =>
    db()
      .insertInto('service_pauses')
      .values({
        service_id: rig.serviceId,
        model: '',
        reason: 'busy',
        since: 1,
        until: world.clock.now() + 1000,
        in_row: 1
      })
      .execute()

  it('ends with its request when that is canceled, and its holder is told by what is no more', async () => {
    const { id, taskId, held } = await arrange()
    await operations().cancel(id)
    expect(await task(taskId)).toMatchObject({ state: 'canceled', held: 0, current_attempt_id: null })
    expect(await attempt(held.id)).toBeUndefined()
    await operations().retry({ id, principal: world.principal })
    expect(await task(taskId)).toMatchObject(WAITING)
  })

  it('has not begun, so that its request may be given up, and is held no longer', async () => {
    const { id, taskId, held } = await arrange()
    const why = {
      error: { code: 'no_provider', message: 'Nobody.' },
      unbegun: { reason: 'away', machines: [] }
    } as const
    expect(await operations().giveUp({ id, ...why })).toBe(true)
    expect(await task(taskId)).toMatchObject({ state: 'failed', held: 0, current_attempt_id: null })
    expect(await attempt(held.id)).toBeUndefined()
  })

  it('that nobody may make any more ends, and is held no longer', async () => {
    const { taskId, held } = await arrange()
    world.clock.advance(3_600_001)
    await operations().expireWaiting()
    expect(await task(taskId)).toMatchObject({ state: 'failed', held: 0, error_code: 'no_provider' })
    expect(await attempt(held.id)).toBeUndefined()
  })
})

describe('what is held ready is let go without a trace', () => {
  it('when its lease runs out, however often', async () => {
    const { taskId, held } = await arrange()
    world.clock.advance(LEASE_MS)
    expect(await operations().expireLeases()).toBe(0)
    world.clock.advance(1)
    expect(await operations().expireLeases()).toBe(1)
    await expectNeverHeld(taskId, held.id)
  })

  it('but not when its lease was renewed since that was found', async () => {
    const { taskId, held } = await arrange()
    world.clock.advance(LEASE_MS + 1)
    const [found] = await listExpired(db(), world.clock.now(), 10)
    const alive = await operations().renewConnections([{ ...rig, draining: false, silentForMs: 0 }])
    expect([...alive.get(rig.providerId)!]).toEqual([held.id])
    expect(await operations().fail(found!, { reason: 'lease_lapsed', message: '' })).toBe(false)
    expect(await task(taskId)).toMatchObject({ held: 1 })
  })

  it('when its agent comes back without it', async () => {
    const { taskId, held } = await arrange()
    rig = await world.connect(0, { name: 'rig' })
    await expectNeverHeld(taskId, held.id)
  })

  it('when its agent says goodbye, or its key is revoked', async () => {
    const { taskId, held } = await arrange()
    await operations().disconnectAgent(rig, { voided: true })
    rig = await world.connect(0, { name: 'rig' })
    await expectNeverHeld(taskId, held.id)
  })

  it.each(['crashed', 'busy', 'bad_request', 'content_rejected', 'timeout'] as const)(
    'when its agent says of it what it cannot know: %s',
    async (reason) => {
      const { taskId, held } = await arrange()
      expect(await operations().fail((await attempt(held.id))!, { reason, message: 'No.' })).toBe(true)
      await expectNeverHeld(taskId, held.id)
      expect(await db().selectFrom('service_pauses').selectAll().execute()).toEqual([])
      expect((await readRows(world.gateways[0]!.database)).services[0]).toMatchObject({ faults_in_row: 0 })
    }
  )
})

describe('an agent that comes back', () => {
  it('still holds ready what it held', async () => {
    const { taskId, held } = await arrange()
    const back = await world.connect(0, { name: 'rig', attempts: [held] })
    expect(back).toMatchObject({ gone: [], resumed: [{ id: held.id, state: 'standby' }] })
    expect(await task(taskId)).toMatchObject({ state: 'queued', held: 1 })
    expect(await operations().startStandby(held.id)).toBe(true)
  })

  it('has what it was let begin when it could not hear it, and is told again', async () => {
    const { taskId, held } = await arrange()
    await operations().startStandby(held.id)
    const back = await world.connect(0, { name: 'rig', attempts: [held] })
    expect(back).toMatchObject({ gone: [], resumed: [{ id: held.id, state: 'running' }] })
    expect(await task(taskId)).toMatchObject({ state: 'running', held: 0 })
    expect(await operations().startStandby(held.id)).toBe(true)
  })

  it('is told of what somebody else has by then', async () => {
    const { taskId, held } = await arrange()
    await claim(taskId, await world.connect(0, { name: 'idle' }))
    const back = await world.connect(0, { name: 'rig', attempts: [held] })
    expect(back).toMatchObject({ gone: [held.id], resumed: [] })
  })
})

describe('what lies in the queue of an image server', () => {
  const arrangeAhead = async () => {
    const arranged = await arrange()
    expect(await operations().startStandby(arranged.held.id, { isAhead: true })).toBe(true)
    return arranged
  }
  const request = async () => (await readRows(world.gateways[0]!.database)).requests[0]!

  it('is not given up because nothing more may begin there: it will be made, and so it is told', async () => {
    const { id, taskId, held } = await arrangeAhead()
    world.clock.advance(3_600_001)
    await operations().expireWaiting()
    const why = { error: { code: 'no_provider', message: '' }, unbegun: { reason: 'drained', machines: [] } } as const
    expect(await operations().giveUp({ id, ...why })).toBe(false)
    expect(await task(taskId)).toMatchObject({ state: 'queued', held: 2, current_attempt_id: held.id })
    expect(await findWait({ ...world.gateways[0]!, limits: loadConfig({}).limits }, id)).toBeUndefined()
  })

  it('runs since its agent was heard last when that comes back after its lease ran out', async () => {
    const { taskId, held } = await arrangeAhead()
    const heardAt = world.clock.now() + 5000
    world.clock.advance(5000)
    await operations().renewConnections([{ ...rig, draining: false, silentForMs: 0 }])
    world.clock.advance(LEASE_MS + 1)
    expect(await operations().expireLeases()).toBe(1)
    expect(await task(taskId)).toMatchObject({ state: 'queued', held: 0, losses: 1, current_attempt_id: held.id })
    await world.connect(0, { name: 'rig', attempts: [held] })
    expect(await task(taskId)).toMatchObject({ state: 'running', losses: 0 })
    expect(await attempt(held.id)).toMatchObject({ state: 'running', assigned_at: heardAt })
    expect(await request()).toMatchObject({ state: 'running', started_at: heardAt })
  })

  it('has begun when its image comes late', async () => {
    const { held } = await arrangeAhead()
    world.clock.advance(LEASE_MS + 1)
    await operations().expireLeases()
    expect(await operations().finish((await attempt(held.id))!, deliveredImage())).toBe(true)
    const { state, started_at } = await request()
    expect([state, started_at]).toEqual(['succeeded', world.clock.now() - LEASE_MS - 1])
  })
})

it('a gateway that starts, and a clock that is set, leave what is held ready to its holder for a lease', async () => {
  const { taskId, held } = await arrange()
  world.clock.advance(LEASE_MS * 100)
  await operations().giveGrace()
  world.clock.advance(LEASE_MS - 1000)
  world.clock.jump(7_200_000)
  await operations().followClock(world.clock)
  expect(await operations().expireLeases()).toBe(0)
  expect(await task(taskId)).toMatchObject({ held: 1, current_attempt_id: held.id })
  world.clock.advance(1001)
  expect(await operations().expireLeases()).toBe(1)
})
