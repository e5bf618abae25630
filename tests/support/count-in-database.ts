/**
 * A process that counts up in one row, reading and then writing in a transaction each time:
 * `node count-in-database.ts <database file> <user id> <times>`.
 */
import { openSqliteDatabase } from '../../src/db/sqlite-database.ts'
import { systemClock } from '../../src/lib/clock.ts'

const [path = '', id = '', times = '0'] = process.argv.slice(2)
const database = await openSqliteDatabase({
  path,
  clock: systemClock,
  onFatal: (error) => {
    throw error
  }
})
for (let i = 0; i < Number(times); i++) {
  await database.db.transaction().execute(async (trx) => {
    const { updated_at } = await trx
      .selectFrom('users')
      .select('updated_at')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    await trx
      .updateTable('users')
      .set({ updated_at: updated_at + 1 })
      .where('id', '=', id)
      .execute()
  })
}
await database.close()
