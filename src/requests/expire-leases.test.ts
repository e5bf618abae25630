import { afterEach, beforeEach, expect, it } from 'vitest'
import { failingCommits } from '../../tests/support/failing-commits.ts'
import { LEASE_MS, type LeaseWorld, openLeaseWorld } from '../../tests/support/lease-world.ts'
import { claimOne } from '../../tests/support/claim-one.ts'
import { listTasks } from './task-store.ts'

const failCommits = failingCommits()
let world: LeaseWorld
beforeEach(async () => void (world = await openLeaseWorld({ gateways: 1 })))
afterEach(() => world.close())

it('lets no lease lapse for one lease after the disk has refused a write: agents were cut off by that', async () => {
  const [{ database, requests }] = world.gateways as [LeaseWorld['gateways'][0]]
  const agent = await world.connect(0, { name: 'rig' })
  const [task] = await listTasks(database.db, await world.submit(0, 1))
  await claimOne(requests, { task: task!, ...agent })
  world.clock.advance(LEASE_MS + 1)
  failCommits({ times: 1 })
  await expect(world.submit(0, 1)).rejects.toThrow('full')
  world.clock.advance(LEASE_MS - 1)
  expect(await requests.expireLeases()).toBe(0)
  world.clock.advance(1)
  expect(await requests.expireLeases()).toBe(1)
})
