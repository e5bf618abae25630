import { expect, it } from 'vitest'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'
import { createPaceNotes } from './pace-notes.ts'

it('measures one image a second of each service, model and way, and no fewer when the clock is set back', async () => {
  const database = await openTestDatabase({})
  try {
    const paces = () => database.db.selectFrom('service_paces').selectAll().orderBy('model').execute()
    await database.db
      .insertInto('users')
      .values({ id: 'ann', name: 'ann', email: 'ann@example.org', role: 'member', created_at: 1, updated_at: 1 })
      .execute()
    const provider = {
      id: 'rig',
      owner_id: 'ann',
      name: 'rig',
      epoch: 1,
      connected_at: 1,
      online_until: 1,
      last_seen_at: 1
    }
    await database.db
      .insertInto('providers')
      .values({ ...provider, agent_version: null, forgotten_at: null })
      .execute()
    const service = { id: 'gpu', provider_id: 'rig', name: 'gpu', type: 'image', concurrency: 1, timeout_ms: 1 }
    await database.db
      .insertInto('services')
      .values({ ...service, access: 'members', engine: null, description: null, declared: 1 })
      .execute()
    let now = 10_000
    const note = createPaceNotes(() => now)
    const learn = (model: string, tookMs: number, steps?: number) =>
      database.db.transaction().execute((trx) =>
        note(trx, {
          ...{ serviceId: 'gpu', model, tookMs, toldSteps: true },
          work: { megapixels: 1, ...(steps !== undefined && { steps }) }
        })
      )
    await learn('a', 1000)
    now += 999
    await learn('a', 2000)
    expect(await paces()).toMatchObject([{ model: 'a', megapixel_ms: 1000, step_ms: null }])
    await learn('a', 2000, 10)
    await learn('b', 3000)
    expect(await paces()).toMatchObject([
      { model: 'a', megapixel_ms: 1000, step_ms: 200 },
      { model: 'b', megapixel_ms: 3000 }
    ])
    now += 1
    await learn('a', 2000)
    expect((await paces())[0]).toMatchObject({ megapixel_ms: 1200 })
    now -= 5000
    await learn('a', 2200)
    expect((await paces())[0]).toMatchObject({ megapixel_ms: 1400 })
  } finally {
    await database.close()
  }
})
