import { DAY_MS } from '../lib/durations.ts'
import { sql } from 'kysely'
import type { OfferingConfig } from '../config/config.ts'
import type { Db, Trx } from '../db/database.ts'
import type { Trust } from '../db/provider-tables.ts'
import type { Role } from '../lib/principal.ts'
import { firstTrust, type Standing, standingOf } from './trust-policy.ts'

/** How long somebody who was online is still known by it. */
const KNOWN_FOR_MS = 7 * DAY_MS

/**
 * Says how far a provider is trusted that has just connected and whose services are written: a new one as the rules have
 * it; one that nobody vouched for waits again when it has come to offer a model that others serve, which one that is connected can,
 * too. What an admin decided stays.
 */
export async function admitProvider(
  trx: Trx,
  {
    providerId,
    now,
    mode,
    isConnecting = true
  }: { providerId: string; now: number; mode: OfferingConfig['providers']; isConnecting?: boolean }
): Promise<void> {
  const provider = await trx
    .selectFrom('providers')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .select(['providers.id', 'epoch', 'owner_id', 'trust', 'trust_since', 'trust_by', 'users.role'])
    .where('providers.id', '=', providerId)
    .executeTakeFirstOrThrow()
  const isNew = isConnecting && provider.epoch === 1
  // Since 0: it was there before anybody asked.
  const isVouched = provider.trust_by !== null || (!isNew && provider.trust_since === 0)
  if (isVouched || provider.trust === 'blocked' || (!isNew && provider.role === 'admin')) return
  const contested = await offersWhatOthersServe(trx, { ...provider, now })
  const trust = isNew
    ? firstTrust({ mode, ownerRole: provider.role as Role, people: await countPeople(trx), contested })
    : contested
      ? 'pending'
      : provider.trust
  if (!isNew && trust === provider.trust) return
  await trx
    .updateTable('providers')
    .set({ trust, trust_since: now, trust_images: 0 })
    .where('id', '=', providerId)
    .where('trust_by', 'is', null)
    .execute()
}

/** Whether it began at this moment to offer a model that somebody else serves to others, or did within seven days. */
async function offersWhatOthersServe(
  trx: Trx,
  { id, owner_id, now }: { id: string; owner_id: string; now: number }
): Promise<boolean> {
  const added = trx
    .selectFrom('service_models')
    .innerJoin('services', 'services.id', 'service_models.service_id')
    .select('service_models.model')
    .where('services.provider_id', '=', id)
    .where('services.type', '=', 'image')
    .where('service_models.created_at', '=', now)
  const served = await trx
    .selectFrom('service_models as known')
    .innerJoin('services', 'services.id', 'known.service_id')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .select('known.model')
    .where('known.model', 'in', added)
    .where('services.type', '=', 'image')
    .where('services.declared', '=', 1)
    .where('services.access', '!=', '"private"')
    .where('providers.owner_id', '!=', owner_id)
    .where('providers.forgotten_at', 'is', null)
    .where('providers.online_until', '>', now - KNOWN_FOR_MS)
    .where((e) =>
      e.or([
        e('providers.trust', 'in', ['limited', 'trusted']),
        e.and([e('users.role', '=', 'admin'), e('providers.trust', '!=', 'blocked')])
      ])
    )
    .limit(1)
    .executeTakeFirst()
  return served !== undefined
}

async function countPeople(trx: Trx): Promise<number> {
  const row = await trx
    .selectFrom('users')
    .select((e) => e.fn.countAll<number>().as('people'))
    .where('disabled_at', 'is', null)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return Number(row?.people ?? 0)
}

/** How a provider stands at this moment; undefined when it is not there. */
export async function findStanding(
  db: Db,
  providerId: string,
  mode: OfferingConfig['providers']
): Promise<Standing | undefined> {
  const row = await db
    .selectFrom('providers')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .select(['providers.trust', 'users.role as ownerRole'])
    .where('providers.id', '=', providerId)
    .executeTakeFirst()
  return row && standingOf(row, mode)
}

/** How these providers stand at this moment, by id. */
export async function listStandings(
  db: Db,
  providerIds: readonly string[],
  mode: OfferingConfig['providers']
): Promise<Map<string, Standing>> {
  const rows = await db
    .selectFrom('providers')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .select(['providers.id', 'providers.trust', 'users.role as ownerRole'])
    .where('providers.id', 'in', providerIds)
    .execute()
  return new Map(rows.map((row) => [row.id, standingOf(row, mode)]))
}

/** New providers that wait to be let in, among those that offer anything to others. */
export async function countPending(db: Db): Promise<number> {
  const row = await db
    .selectFrom('providers')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .select((e) => e.fn.countAll<number>().as('providers'))
    .where('providers.trust', '=', 'pending')
    .where('providers.forgotten_at', 'is', null)
    .where('users.role', '!=', 'admin')
    .where((e) =>
      e.exists(
        e
          .selectFrom('services')
          .select('services.id')
          .whereRef('services.provider_id', '=', 'providers.id')
          .where('services.declared', '=', 1)
          .where('services.access', '!=', '"private"')
      )
    )
    .executeTakeFirst()
  return Number(row?.providers ?? 0)
}

/** Counts an image that a new provider delivered to somebody else, and trusts it once it has proven itself. */
export async function noteDelivery(
  trx: Trx,
  delivery: { providerId: string; userId: string; now: number },
  rules: Pick<OfferingConfig, 'newProviderImages' | 'newProviderTimeMs'>
): Promise<void> {
  const { providerId, userId, now } = delivery
  const isProven = sql<boolean>`trust_images + 1 >= ${rules.newProviderImages} and trust_since <= ${now - rules.newProviderTimeMs}`
  await trx
    .updateTable('providers')
    .set((e) => ({
      trust_images: e('trust_images', '+', 1),
      trust: e.case().when(isProven).then(e.val<Trust>('trusted')).else(e.ref('trust')).end(),
      trust_since: e.case().when(isProven).then(e.val(now)).else(e.ref('trust_since')).end()
    }))
    .where('id', '=', providerId)
    .where('trust', '=', 'limited')
    .where('owner_id', '!=', userId)
    .execute()
}

/** An admin's decision about a provider that is at one of these levels; false when it is at another by now. */
export async function decideTrust(
  db: Db,
  decision: { providerId: string; from: readonly Trust[]; to: Trust; by: string; now: number }
): Promise<boolean> {
  const { providerId, from, to, by, now } = decision
  const { numUpdatedRows } = await db
    .updateTable('providers')
    .set({ trust: to, trust_since: now, trust_by: by, trust_images: 0 })
    .where('id', '=', providerId)
    .where('trust', 'in', from)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
