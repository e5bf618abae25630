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

it('what is offered no more before its agent has told anything leaves no trace', async () => {
  const [{ database, providers }] = world.gateways as [LeaseWorld['gateways'][0]]
  const { db } = database
  const rig = { ownerId: world.principal.userId, keyId: world.principal.keyId, name: 'rig', agentVersion: '1' }
  const offer = (model: string) =>
    db.transaction().execute((trx) =>
      providers.connect(trx, {
        ...{ ...rig, onlineUntil: world.clock.now() + 1000, probes: true },
        services: [
          {
            ...{ name: 'images', type: 'image', concurrency: 1, timeoutMs: 1000, access: 'members' as const },
            models: [{ id: model, features: ['generate' as const] }]
          }
        ]
      })
    )
  for (const model of ['a', 'b', 'c']) await offer(model)
  const pauses = await db.selectFrom('service_pauses').select('model').orderBy('model').execute()
  expect(pauses.map(({ model }) => model)).toEqual(['', 'c'])
})
