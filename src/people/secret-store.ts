import type { Database } from '../db/database.ts'
import { newSecret } from '../lib/ids.ts'

/** A random value that all gateways on this database share: made by whoever needs it first, and the same ever after. */
export async function getSecret({ db, clock }: Pick<Database, 'db' | 'clock'>, name: string): Promise<string> {
  await db
    .insertInto('secrets')
    .values({ name, value: newSecret(''), created_at: clock.now() })
    .onConflict((c) => c.column('name').doNothing())
    .execute()
  const { value } = await db.selectFrom('secrets').select('value').where('name', '=', name).executeTakeFirstOrThrow()
  return value
}
