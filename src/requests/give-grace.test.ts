import { afterEach, beforeEach, expect, it } from 'vitest'
import { type LeaseWorld, openLeaseWorld } from '../../tests/support/lease-world.ts'
import { HOUR_MS } from '../lib/durations.ts'
import { FIRST_LOOK_WITHIN_MS, isFirstLook } from '../providers/pause-store.ts'

let world: LeaseWorld
beforeEach(async () => void (world = await openLeaseWorld({ gateways: 1 })))
afterEach(() => world.close())

it.each([-2 * HOUR_MS, -160_000, 160_000])(
  'a clock that is set by %i ms while the gateway is away puts off no next try and no end of a pause',
  async (ms) => {
    const [{ database, requests }] = world.gateways as [LeaseWorld['gateways'][0]]
    const { db } = database
    const { serviceId: service_id } = await world.connect(0, { name: 'rig' })
    await world.submit(0, 1)
    const until = world.clock.now() + 20_000
    const since = until - 30_000
    await db.insertInto('service_pauses').values({ service_id, model: '', reason: 'busy', since, until, in_row: 1 }).execute() // prettier-ignore
    await db.updateTable('services').set({ cooling_until: until }).execute()
    await db.updateTable('tasks').set({ not_before: until }).execute()
    world.clock.jump(ms)
    // A process that starts has the machine's clock.
    world.clock.moveBy(world.clock.lag())
    await requests.giveGrace()
    const pause = await db.selectFrom('service_pauses').select('until').executeTakeFirstOrThrow()
    const service = await db.selectFrom('services').select('cooling_until').executeTakeFirstOrThrow()
    const task = await db.selectFrom('tasks').select('not_before').executeTakeFirstOrThrow()
    // Ahead it is as if it had been away for that long.
    const left = ms < 0 ? 20_000 : 20_000 - ms
    const ends = [pause.until, service.cooling_until, task.not_before]
    expect(ends.map((end) => Number(end) - world.clock.now())).toEqual([left, left, left])
  }
)

it('has what no agent has told of yet looked at still until it can be back', async () => {
  const [{ database, requests, providers }] = world.gateways as [LeaseWorld['gateways'][0]]
  const told = await world.connect(0, { name: 'told', probes: true })
  const healthy = { warning: null, isStopped: false, missing: [] }
  await providers.noteCondition({ providerId: told.providerId, serviceId: told.serviceId }, healthy)
  const untold = await world.connect(0, { name: 'untold', probes: true })
  const isLookedAt = async () =>
    (await providers.listOffers({ seenSince: world.clock.now() }))
      .filter((offer) => isFirstLook(offer, world.clock.now()))
      .map(({ serviceId }) => serviceId)
  expect(await isLookedAt()).toEqual([untold.serviceId])
  world.clock.advance(FIRST_LOOK_WITHIN_MS + 1000)
  expect(await isLookedAt()).toEqual([])
  await requests.giveGrace()
  world.clock.advance(FIRST_LOOK_WITHIN_MS + 1000)
  expect(await isLookedAt()).toEqual([untold.serviceId])
  // Its agent is back, and of the version before.
  await world.connect(0, { name: 'untold' })
  expect(await isLookedAt()).toEqual([])
  expect((await database.db.selectFrom('service_pauses').select('service_id').execute()).length).toBe(1)
})
