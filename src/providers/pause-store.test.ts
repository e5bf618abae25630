import { afterEach, beforeEach, expect, it } from 'vitest'
import { type LeaseWorld, openLeaseWorld } from '../../tests/support/lease-world.ts'
import { FIRST_LOOK_WITHIN_MS, pauseService } from './pause-store.ts'

let world: LeaseWorld
beforeEach(async () => void (world = await openLeaseWorld({ gateways: 1 })))
afterEach(() => world.close())

it('the first pause of a service of which its agent has not told anything is the first, and begins when it does', async () => {
  const { db } = world.gateways[0]!.database
  const { serviceId } = await world.connect(0, { name: 'rig', probes: true })
  world.clock.advance(FIRST_LOOK_WITHIN_MS + 1000)
  const now = world.clock.now()
  const pause = () =>
    db.transaction().execute((trx) =>
      pauseService(trx, {
        serviceId,
        reason: 'busy',
        lengthMs: (inRow) => 1000 * (inRow + 1),
        now: world.clock.now()
      })
    )
  const pauses = () => db.selectFrom('service_pauses').select(['reason', 'since', 'until', 'in_row']).execute()
  await pause()
  expect(await pauses()).toEqual([{ reason: 'busy', since: now, until: now + 1000, in_row: 1 }])
  world.clock.advance(1000)
  await pause()
  expect(await pauses()).toEqual([{ reason: 'busy', since: now, until: now + 3000, in_row: 2 }])
})
