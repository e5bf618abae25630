import { HOUR_MS } from '../../src/lib/durations.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSteadyClock } from '../../src/lib/clock.ts'
import { getJob } from '../support/image-calls.ts'
import { attemptRow, connectFor, ended, outcomes, picture, submit, unique } from '../support/agent-work.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const LEASE_MS = 2000

let dataDir: string
let gateway: TestGateway
let user: TestUser
/** By how much the machine's clock has been set. */
let set: number

const start = async () => {
  const clock = createSteadyClock({ wall: () => Date.now() + set, monotonic: () => performance.now() })
  gateway = await startTestGateway({ dataDir, clock, env: { INFERENCE_CLUB_LIMITS_LEASE: `${LEASE_MS}ms` } })
  return clock
}

beforeEach(async () => {
  set = 0
  dataDir = await mkdtemp(join(tmpdir(), 'clock-jumps-'))
})
afterEach(async () => {
  await gateway.close()
  await rm(dataDir, { recursive: true })
})

const models = async () => (await user.client.models.list()).data.map(({ id }) => id)

describe.each([2 * HOUR_MS, -2 * HOUR_MS, 160_000])('a clock that is set by %i ms while the gateway runs', (ms) => {
  it('leaves agents and their work alone, and a silent one loses its work in its time', async () => {
    const clock = await start()
    user = await gateway.addUser()
    const [busy, silent] = [unique('model'), unique('model')]
    const agents = [await connectFor(gateway, user, busy), await connectFor(gateway, user, silent)]
    const ids = [await submit(user, busy), await submit(user, silent)]
    const [kept, lost] = [await agents[0]!.received('attempt.assigned'), await agents[1]!.received('attempt.assigned')]
    agents[1]!.beQuiet()
    const quietAt = performance.now()
    set = ms

    // Whenever somebody looks, before the jump has been noticed and after.
    let noticedAt: number | undefined
    await waitFor(async () => {
      if (clock.lag() === 0) noticedAt ??= performance.now()
      expect(await models()).toContain(busy)
      return (await attemptRow(gateway, lost.attempt_id)).state === 'lapsed'
    })
    expect(noticedAt).toBeDefined()
    expect(performance.now() - quietAt).toBeLessThan(2 * LEASE_MS)
    expect(await models()).toEqual([busy])
    expect(await attemptRow(gateway, kept.attempt_id)).toMatchObject({ state: 'running' })
    await agents[0]!.put(kept.attempt_id, { token: kept.token, body: await picture() })
    expect(outcomes(await ended(user, ids[0]!))).toEqual([['succeeded', null]])
    await gateway.gateway.context.requests.cancel(ids[1]!)
    for (const agent of agents) await agent.close()
  })
})

it('a gateway that starts again two hours behind lists the models of those who were there, and no others', async () => {
  await start()
  user = await gateway.addUser()
  const [here, gone] = [unique('model'), unique('model')]
  await (await connectFor(gateway, user, gone)).close()
  const agent = await connectFor(gateway, user, here)
  await waitFor(async () => (await models()).join() === here)
  const client = user
  await gateway.close()
  set = -2 * HOUR_MS
  await start()
  user = { ...client, client: (await gateway.addKey(client)).client }
  expect(await models()).toEqual([here])
  // It does not come back.
  await waitFor(async () => (await models()).length === 0)
  await agent.closed
})

it('a gateway that was off for two hours keeps what waits for a machine that comes back after it', async () => {
  await start()
  user = await gateway.addUser()
  const model = unique('model')
  await (await connectFor(gateway, user, model)).close()
  const id = await submit(user, model)
  const client = user
  await gateway.close()
  set = 2 * HOUR_MS
  await start()
  user = { ...client, client: (await gateway.addKey(client)).client }
  await gateway.gateway.context.requests.expireWaiting()
  const job = await getJob(user.client, id)
  expect(job).toMatchObject({ status: 'QUEUED', waiting: { reason: 'away' } })
  const hourFromNow = (Date.now() + set + HOUR_MS) / 1000
  expect(Math.abs(job.waiting!.gives_up_at! - hourFromNow)).toBeLessThan(60)
  const agent = await connectFor(gateway, user, model)
  const { attempt_id, token } = await agent.received('attempt.assigned')
  await agent.put(attempt_id, { token, body: await picture() })
  expect(outcomes(await ended(user, id))).toEqual([['succeeded', null]])
  await agent.close()
})
