import type { Db } from '../db/database.ts'
import { lockProvider } from '../db/locks.ts'
import { hasWords } from '../lib/match-words.ts'
import {
  declaredTerms,
  mergeTerms,
  type OwnerTerms,
  ownerTerms,
  type ServiceTerms,
  termColumns,
  termsOfRow
} from './service-terms.ts'

const COLUMNS = ['access', 'images_per_hour', 'images_per_user_hour', 'declared_terms', 'owner_terms'] as const

/** A service of which others may not have as many images as they like. */
export interface CappedService extends Pick<ServiceTerms, 'imagesPerHour' | 'imagesPerUserHour'> {
  serviceId: string
  name: string
  providerId: string
  ownerId: string
}

/** Those of these providers, as their agents declare them now. */
export async function listCapped(db: Db, providerIds: readonly string[]): Promise<CappedService[]> {
  const rows = await db
    .selectFrom('services')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .select(['services.id', 'services.name', 'provider_id', 'owner_id'])
    .select(['services.access', 'images_per_hour', 'images_per_user_hour'])
    .where('provider_id', 'in', providerIds)
    .where('type', '=', 'image')
    .where('declared', '=', 1)
    .where((e) => e.or([e('images_per_hour', 'is not', null), e('images_per_user_hour', 'is not', null)]))
    .orderBy('services.name')
    .execute()
  return rows.map((row) => {
    const { access: _access, ...caps } = termsOfRow(row)
    return { serviceId: row.id, name: row.name, providerId: row.provider_id, ownerId: row.owner_id, ...caps }
  })
}

/** A service, and whether it is its owner's alone. */
export interface ServiceSharing {
  name: string
  isPrivate: boolean
}

/** By provider, what their agents declare now. */
export async function listSharing(db: Db, providerIds: readonly string[]): Promise<Map<string, ServiceSharing[]>> {
  const rows = await db
    .selectFrom('services')
    .select(['provider_id', 'name', 'access', 'images_per_hour', 'images_per_user_hour'])
    .where('provider_id', 'in', providerIds)
    .where('declared', '=', 1)
    .orderBy('name')
    .execute()
  const sharing = rows.map((row) => ({
    providerId: row.provider_id,
    name: row.name,
    isPrivate: termsOfRow(row).access === 'private'
  }))
  return Map.groupBy(sharing, ({ providerId }) => providerId)
}

/** What a service that is declared anew is written with: the word of its owner stays. */
export async function termsToWrite(
  db: Db,
  { providerId, name, declared }: { providerId: string; name: string; declared: ServiceTerms }
): Promise<ReturnType<typeof termColumns> & { declared_terms: string }> {
  const row = await db
    .selectFrom('services')
    .select('owner_terms')
    .where('provider_id', '=', providerId)
    .where('name', '=', name)
    .executeTakeFirst()
  const terms = mergeTerms(declared, row ? ownerTerms(row) : {})
  return { ...termColumns(terms), declared_terms: JSON.stringify(declared) }
}

/** The owner's word on a service of a provider, all of it; false when there is no such service. */
export const saveOwnerTerms = (
  db: Db,
  {
    providerId,
    serviceId,
    terms,
    isPaused,
    now
  }: {
    providerId: string
    serviceId: string
    terms: OwnerTerms
    isPaused: boolean
    now: number
  }
): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId)
    const row = await trx
      .selectFrom('services')
      .select(COLUMNS)
      .where('id', '=', serviceId)
      .where('provider_id', '=', providerId)
      .where('declared', '=', 1)
      .executeTakeFirst()
    if (!row) return false
    const declared = declaredTerms(row)
    await trx
      .updateTable('services')
      .set((e) => ({
        ...termColumns(mergeTerms(declared, terms)),
        declared_terms: JSON.stringify(declared),
        owner_terms: Object.keys(terms).length === 0 ? null : JSON.stringify(terms),
        paused_at: isPaused ? e.fn.coalesce('paused_at', e.val(now)) : null
      }))
      .where('id', '=', serviceId)
      .execute()
    return true
  })

interface PersonName {
  id: string
  name: string
}

/** Read at a time, so that a club of any size is searched with the same memory. */
const SLICE = 1000

/**
 * Those who could be listed and have each of the words (of `searchWords`) in their name, by name; `limit` at most, without
 * `but`.
 */
export async function findMemberNames(
  db: Db,
  { words, but, limit }: { words: readonly string[]; but: string; limit: number }
): Promise<PersonName[]> {
  const found: PersonName[] = []
  for (let last: PersonName | undefined; ;) {
    const slice = await memberNamesAfter(db, last)
    found.push(...slice.filter(({ id, name }) => id !== but && hasWords(name, words)))
    last = slice.at(-1)
    if (found.length >= limit || slice.length < SLICE) return found.slice(0, limit)
  }
}

const memberNamesAfter = (db: Db, last: PersonName | undefined): Promise<PersonName[]> =>
  db
    .selectFrom('users')
    .select(['id', 'name'])
    .where('disabled_at', 'is', null)
    .where('deleted_at', 'is', null)
    .$if(last !== undefined, (q) =>
      q.where((e) =>
        e.or([
          e('name', '>', last?.name ?? ''),
          e.and([e('name', '=', last?.name ?? ''), e('id', '>', last?.id ?? '')])
        ])
      )
    )
    .orderBy('name')
    .orderBy('id')
    .limit(SLICE)
    .execute()

/** Of these ids, those of people there are, with their names. */
export async function listNamesOf(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('users')
    .select(['id', 'name'])
    .where('id', 'in', ids)
    .where('deleted_at', 'is', null)
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}
