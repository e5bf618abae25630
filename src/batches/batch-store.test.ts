import { expect, it } from 'vitest'
import { openRequestRows } from '../../tests/support/request-rows.ts'
import { plansOf } from '../../tests/support/query-plans.ts'
import { deleteRequestRows } from '../requests/request-store.ts'
import { listBatchRequests } from './batch-store.ts'

it('finds the requests of batches, in their order, without a look at any others', async () => {
  const rows = await openRequestRows()
  const { database, db } = rows
  try {
    await rows.addUser('ann')
    await db.insertInto('batches').values({ id: 'bat', user_id: 'ann', created_at: 1 }).execute()
    for (const position of [1, 0]) {
      const batch = { batch_id: 'bat', batch_position: position }
      await rows.addRequest(`req ${position}`, { user_id: 'ann', ...batch })
    }
    await rows.addRequest('alone', { user_id: 'ann' })
    const listed = await listBatchRequests(database, ['bat', 'none'])
    expect(listed.get('bat')?.map(({ id }) => id)).toEqual(['req 0', 'req 1'])

    const ofList = await plansOf(db, (watched) => listBatchRequests({ ...database, db: watched }, ['bat', 'none']))
    expect(ofList).toEqual([expect.stringContaining('requests_by_batch (batch_id=?)')])
    const ofRemoval = await plansOf(db, (watched) =>
      watched.transaction().execute((trx) => deleteRequestRows(trx, ['req 0']))
    )
    expect(ofRemoval.join('\n')).toContain('requests_by_batch (batch_id=?)')
  } finally {
    await database.close()
  }
})
