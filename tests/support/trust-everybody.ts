import { sql } from 'kysely'
import type { Db } from '../../src/db/database.ts'

/**
 * From now on every provider that connects is trusted at once, and each service believed in all it declares, as if an
 * admin had let them in long ago: what most tests are about begins there.
 */
export async function trustEverybody(db: Db): Promise<void> {
  await sql`create trigger if not exists trust_everybody after insert on providers begin
    update providers set trust = 'trusted', trust_by = 'tests' where id = new.id;
  end`.execute(db)
  await sql`create trigger if not exists believe_everybody after insert on services begin
    update services set proven_places = concurrency where id = new.id;
  end`.execute(db)
}
