import { claimOne } from '../support/claim-one.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HOUR_MS } from '../../src/lib/durations.ts'
import { findTask, listTasks } from '../../src/requests/task-store.ts'
import { type Connection, type LeaseWorld, openLeaseWorld } from '../support/lease-world.ts'

let world: LeaseWorld

beforeEach(async () => {
  world = await openLeaseWorld({ gateways: 1 })
})
afterEach(() => world.close())

const operations = () => world.gateways[0]!.requests
const db = () => world.gateways[0]!.database.db
const onlyTask = async () => (await listTasks(db(), await world.submit(0, 1)))[0]!.id

/** Gives the work to an agent, which fails; what becomes of the task. */
async function failOn(agent: Connection, { taskId, reason }: { taskId: string; reason: 'timeout' | 'crashed' }) {
  const given = await claimOne(operations(), { task: (await findTask(db(), taskId))!, ...agent })
  const attempt = await operations().findAttempt(given!.attemptId)
  expect(await operations().fail(attempt!, { reason, message: 'It did not work.' })).toBe(true)
  return (await findTask(db(), taskId))!.state
}

describe('an image', () => {
  it('that every service there is tried in vain, one after the other, has failed', async () => {
    const [one, two] = [await world.connect(0, { name: 'one' }), await world.connect(0, { name: 'two' })]
    const taskId = await onlyTask()
    expect(await failOn(one, { taskId, reason: 'timeout' })).toBe('queued')
    expect(await failOn(two, { taskId, reason: 'timeout' })).toBe('failed')
  })

  it('that failed soon is tried again also where it failed, later each time, three times in all', async () => {
    const agent = await world.connect(0, { name: 'one' })
    const taskId = await onlyTask()
    const claim = async () => claimOne(operations(), { task: (await findTask(db(), taskId))!, ...agent })
    for (const delayMs of [1000, 5000]) {
      expect(await failOn(agent, { taskId, reason: 'crashed' })).toBe('queued')
      world.clock.advance(delayMs - 1)
      expect(await claim()).toBeUndefined()
      world.clock.advance(1)
    }
    expect(await failOn(agent, { taskId, reason: 'crashed' })).toBe('failed')
  })

  it('that failed soon is tried elsewhere at once', async () => {
    const [one, two] = [await world.connect(0, { name: 'one' }), await world.connect(0, { name: 'two' })]
    const taskId = await onlyTask()
    expect(await failOn(one, { taskId, reason: 'crashed' })).toBe('queued')
    expect(await failOn(two, { taskId, reason: 'crashed' })).toBe('queued')
    for (const agent of [one, two]) {
      expect(await claimOne(operations(), { task: (await findTask(db(), taskId))!, ...agent })).toBeUndefined()
    }
  })

  it('that its owner has tried anew is not kept from where it failed before', async () => {
    const agent = await world.connect(0, { name: 'one' })
    const taskId = await onlyTask()
    for (const delayMs of [1000, 5000, 0]) {
      await failOn(agent, { taskId, reason: 'crashed' })
      world.clock.advance(delayMs)
    }
    const task = (await findTask(db(), taskId))!
    await operations().retry({ id: task.request_id, principal: world.principal })
    expect(await failOn(agent, { taskId, reason: 'crashed' })).toBe('queued')
  })

  it.each([7_200_000, -7_200_000])('waits as long for its next try when the clock is set by %i ms', async (byMs) => {
    const agent = await world.connect(0, { name: 'one' })
    const taskId = await onlyTask()
    await failOn(agent, { taskId, reason: 'crashed' })
    world.clock.jump(byMs)
    await operations().followClock(world.clock)
    const claim = async () => claimOne(operations(), { task: (await findTask(db(), taskId))!, ...agent })
    world.clock.advance(999)
    expect(await claim()).toBeUndefined()
    world.clock.advance(1)
    expect(await claim()).toBeDefined()
  })
})

describe('whoever waits for a request or watches those of its owner or all', () => {
  /** Which topics ring of this request from now on. */
  function listen(id: string): string[] {
    const { bell } = world.gateways[0]!.database
    const heard: string[] = []
    bell.on(`request:${id}`, () => heard.push('it'))
    bell.on(`requests:${world.principal.userId}`, (hint) => hint === id && heard.push('its owner'))
    bell.on('requests', (hint) => hint === id && heard.push('all'))
    return heard
  }

  it('is woken when nobody came for it in time', async () => {
    await world.connect(0, { name: 'one' })
    const heard = listen(await world.submit(0, 1))
    world.clock.advance(HOUR_MS + 1)
    await operations().expireWaiting()
    expect(heard).toEqual(['it', 'its owner', 'all'])
  })

  it('is woken when all that its owner asked for is erased', async () => {
    await world.connect(0, { name: 'one' })
    const id = await world.submit(0, 1)
    await operations().cancel(id)
    const heard = listen(id)
    await operations().erase({ userId: world.principal.userId, signal: new AbortController().signal })
    expect(heard).toEqual(['it', 'its owner', 'all'])
  })
})
