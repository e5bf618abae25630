import type { ImageKind, ImageParameters } from '../images/image-request.ts'
import type { AttemptRow } from './attempt-store.ts'
import { tokenMatches } from './lease-token.ts'
import type { RequestParts } from './request-parts.ts'

/** What is to be known about an attempt when its image arrives. */
export interface ExpectedImage {
  attempt: AttemptRow
  kind: ImageKind
  asked: ImageParameters
  provider: { name: string; ownerId: string }
}

/** Undefined when there is no such attempt, or `token` is not its lease's. */
export async function findExpectedImage(
  { database }: Pick<RequestParts, 'database'>,
  { attemptId, token }: { attemptId: string; token: string }
): Promise<ExpectedImage | undefined> {
  const row = await database.db
    .selectFrom('attempts')
    .innerJoin('requests', 'requests.id', 'attempts.request_id')
    .innerJoin('providers', 'providers.id', 'attempts.provider_id')
    .selectAll('attempts')
    .select(['requests.kind', 'requests.parameters', 'providers.name', 'providers.owner_id'])
    .where('attempts.id', '=', attemptId)
    .executeTakeFirst()
  if (!row || !tokenMatches(row, token)) return undefined
  const { kind, parameters, name, owner_id: ownerId, ...attempt } = row
  return {
    attempt,
    kind: kind as ImageKind,
    asked: JSON.parse(parameters) as ImageParameters,
    provider: { name, ownerId }
  }
}
