import { type AttemptProgress, writeProgress } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'

/** Writes down how far running attempts are: a hint for those who look, not fenced. */
export async function noteProgress(
  { database }: Pick<RequestParts, 'database'>,
  progress: ReadonlyMap<string, AttemptProgress>
): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    for (const [attemptId, one] of progress) await writeProgress(trx, attemptId, one)
  })
}
