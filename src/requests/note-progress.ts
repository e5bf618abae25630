import { changeAttempt } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'

/** Writes down how far running attempts are, in percent: a hint for those who look, not fenced. */
export async function noteProgress(
  { database }: Pick<RequestParts, 'database'>,
  progress: ReadonlyMap<string, number>
): Promise<void> {
  const now = database.clock.now()
  await database.db.transaction().execute(async (trx) => {
    for (const [attemptId, percent] of progress) {
      await changeAttempt(trx, attemptId, { progress: percent, progressed_at: now })
    }
  })
}
