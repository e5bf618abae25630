import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { openRequestRows } from '../../tests/support/request-rows.ts'
import { loadConfig } from '../config/config.ts'
import type { RequestParts } from './request-parts.ts'
import { requireMayDelete } from './require-may-delete.ts'

const { limits } = loadConfig({})

it('lets others have a turn while it counts, however much somebody has', async () => {
  const { database, ...rows } = await openRequestRows()
  await rows.addUser('ann')
  await sql`
    with recursive counted (i) as (select 1 union all select i + 1 from counted where i < 1200)
    insert into requests
      (id, user_id, api_key_id, kind, state, is_async, model, prompt, parameters, n, created_at, finished_at, warnings)
    select i, 'ann', '', 'generation', 'failed', 1, 'm', '', '{}', 1, 1, 1, '[]' from counted`.execute(rows.db)
  let turns = 0
  let isOver = false
  const others = (async () => {
    for (; !isOver; turns++) await nextTurn()
  })()
  const now = database.clock.now() + 1e9
  const parts = { database: { ...database, clock: { now: () => now } }, limits } as unknown as RequestParts
  for (const change of [{ userId: 'ann', keepMs: 1000 }, { club: { ...limits, retentionMs: 1000 } }]) {
    const before = turns
    await expect(requireMayDelete(parts, change)).rejects.toThrow(/1,?200/)
    expect(turns - before).toBeGreaterThanOrEqual(3)
  }
  isOver = true
  await others
  await rows.close()
})
