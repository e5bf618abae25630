import type { Principal } from '../lib/principal.ts'
import { mayUse } from '../providers/offers.ts'
import { listKnownServices, listProviderNames, listProvidersUsed } from './filter-options-store.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { listModelsAsked } from './request-search-store.ts'

export interface FilterChoices {
  /** In the order of the alphabet. */
  models: string[]
  /** In the order of their names. */
  providers: { id: string; name: string }[]
}

/** What requests can be narrowed to: the models and providers that somebody may use or has used; for admins, all. */
export async function listFilterOptions(
  { database: { db } }: Pick<RequestParts, 'database'>,
  reader: Pick<Principal, 'userId' | 'email' | 'emailVerified' | 'role'>
): Promise<FilterChoices> {
  const isAdmin = reader.role === 'admin'
  const services = (await listKnownServices(db)).filter(
    // Their names are no secret, whether they may serve others yet or not.
    (service) => isAdmin || mayUse({ ...service, reach: 'all' }, reader)
  )
  const asked = await listModelsAsked(db, isAdmin ? undefined : reader.userId)
  const known = new Set([
    ...services.map(({ providerId }) => providerId),
    ...(isAdmin ? [] : await listProvidersUsed(db, reader.userId))
  ])
  const providers = await listProviderNames(db)
  return {
    models: [...new Set([...asked, ...services.flatMap(({ models }) => models)])].sort(),
    providers: providers.filter(({ id }) => isAdmin || known.has(id))
  }
}
