import { hash, timingSafeEqual } from 'node:crypto'
import { type AttemptRow, findAttempt } from './attempt-store.ts'
import type { RequestParts } from './request-parts.ts'

export const hashToken = (token: string): string => hash('sha256', token)

export const tokenMatches = (attempt: AttemptRow, token: string): boolean =>
  timingSafeEqual(Buffer.from(attempt.token_hash), Buffer.from(hashToken(token)))

/** The attempt of that id, if it exists and `token`, when given, is its lease's. */
export async function findHeldAttempt(
  { database }: Pick<RequestParts, 'database'>,
  id: string,
  token?: string
): Promise<AttemptRow | undefined> {
  const attempt = await findAttempt(database.db, id)
  return attempt && (token === undefined || tokenMatches(attempt, token)) ? attempt : undefined
}
