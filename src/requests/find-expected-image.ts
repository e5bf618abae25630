import { keepQuery } from '../db/keep-query.ts'
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
  /** Its agent's key was revoked or has expired, or the owner of that is shut out. */
  isShutOut: boolean
}

/** Undefined when there is no such attempt, or `token` is not its lease's. */
export async function findExpectedImage(
  { database }: Pick<RequestParts, 'database'>,
  { attemptId, token }: { attemptId: string; token: string }
): Promise<ExpectedImage | undefined> {
  const { rows } = await findRow(database.db, { attemptId, now: database.clock.now() })
  const [row] = rows
  if (!row || !tokenMatches(row, token)) return undefined
  const { kind, parameters, name, owner_id: ownerId, is_shut_out: isShutOut, ...attempt } = row
  return {
    attempt,
    kind: kind as ImageKind,
    asked: JSON.parse(parameters) as ImageParameters,
    provider: { name, ownerId },
    isShutOut: Boolean(isShutOut)
  }
}

const findRow = keepQuery((db, { attemptId, now }: { attemptId: string; now: number }) =>
  db
    .selectFrom('attempts')
    .innerJoin('requests', 'requests.id', 'attempts.request_id')
    .innerJoin('providers', 'providers.id', 'attempts.provider_id')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .leftJoin('api_keys', 'api_keys.id', 'providers.api_key_id')
    .selectAll('attempts')
    .select(['requests.kind', 'requests.parameters', 'providers.name', 'providers.owner_id'])
    .select((e) =>
      e
        .or([
          e('users.disabled_at', 'is not', null),
          e('api_keys.revoked_at', 'is not', null),
          e('api_keys.expires_at', '<=', now),
          e.and([e('providers.api_key_id', 'is not', null), e('api_keys.id', 'is', null)])
        ])
        .as('is_shut_out')
    )
    .where('attempts.id', '=', attemptId)
)
