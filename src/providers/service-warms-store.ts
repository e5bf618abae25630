import type { Db, Trx } from '../db/database.ts'
import { lockProvider } from '../db/locks.ts'
import type { WarmState } from '../db/provider-tables.ts'
import { HOUR_MS, MINUTE_MS } from '../lib/durations.ts'
import { newId } from '../lib/ids.ts'
import { MAX_WARMS } from '../protocol/service-warms.ts'

/** A machine that is away for longer is not asked any more: whoever wanted it loaded then has other work by now. */
const ASKED_FOR_MS = 10 * MINUTE_MS
/** From when it was asked until an agent that has taken it must have ended it; agents give up sooner. */
const TAKEN_FOR_MS = 30 * MINUTE_MS
/** For so long it is shown how a wish ended. */
const SHOWN_FOR_MS = HOUR_MS
const OPEN: readonly WarmState[] = ['asked', 'waiting', 'warming']
const NO_ANSWER = 'There was no answer in time.'

/** The wish of an owner that a model of a service is loaded. */
export interface WarmWish {
  serviceId: string
  /** As callers ask for it. */
  model: string
  /** Its id: the same wish may be told an agent more than once. */
  wish: string
}

export type WarmChange = 'asked' | 'no_service' | 'no_model' | 'too_many'

/** Notes the owner's wish that a model of a service is loaded. What is wished already and has no end yet stays as it is. */
export const askWarm = (
  db: Db,
  { providerId, serviceId, model, now }: { providerId: string; serviceId: string; model: string; now: number }
): Promise<WarmChange> =>
  db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId)
    const service = await trx
      .selectFrom('services')
      .leftJoin('service_models', (join) =>
        join.onRef('service_models.service_id', '=', 'services.id').on('service_models.model', '=', model)
      )
      .select('service_models.model')
      .where('services.id', '=', serviceId)
      .where('provider_id', '=', providerId)
      .where('declared', '=', 1)
      .executeTakeFirst()
    if (!service) return 'no_service'
    if (service.model === null) return 'no_model'
    const shownSince = now - SHOWN_FOR_MS
    await trx.deleteFrom('service_warms').where('service_id', '=', serviceId).where('until', '<', shownSince).execute()
    const open = await trx
      .selectFrom('service_warms')
      .select('model')
      .where('service_id', '=', serviceId)
      .where('state', 'in', OPEN)
      .where('until', '>', now)
      .execute()
    if (open.some((one) => one.model === model)) return 'asked'
    if (open.length >= MAX_WARMS) return 'too_many'
    const wish = { wish: newId('wrm'), state: 'asked' as const, text: '', asked_at: now, until: now + ASKED_FOR_MS }
    await trx
      .insertInto('service_warms')
      .values({ service_id: serviceId, model, ...wish })
      .onConflict((c) => c.columns(['service_id', 'model']).doUpdateSet(wish))
      .execute()
    return 'asked'
  })

/** What an agent makes of a wish. */
export interface WarmAnswer {
  wish: string
  state: Exclude<WarmState, 'asked'>
  text: string
}

/** Writes it down, unless the connection is no longer the provider's newest or the wish has another end already. */
export async function noteWarmed(
  db: Db,
  {
    connection: { providerId, epoch },
    answer: { wish, state, text },
    now
  }: { connection: { providerId: string; epoch: number }; answer: WarmAnswer; now: number }
): Promise<void> {
  const services = db
    .selectFrom('services')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .select('services.id')
    .where('providers.id', '=', providerId)
    .where('providers.epoch', '=', epoch)
  await db
    .updateTable('service_warms')
    .set((e) => ({
      state,
      text,
      until: OPEN.includes(state) ? e('asked_at', '+', e.val(TAKEN_FOR_MS)) : now + SHOWN_FOR_MS
    }))
    .where('wish', '=', wish)
    .where('state', 'in', OPEN)
    .where('service_id', 'in', services)
    .execute()
}

/** What the owners of these providers wish at this moment and has no end yet, oldest first, by provider. */
export async function listWarmWishes(
  db: Db,
  { providerIds, now }: { providerIds: readonly string[]; now: number }
): Promise<Map<string, WarmWish[]>> {
  const rows = await db
    .selectFrom('service_warms')
    .innerJoin('services', 'services.id', 'service_warms.service_id')
    .select(['provider_id', 'service_id', 'model', 'wish'])
    .where('provider_id', 'in', providerIds)
    .where('declared', '=', 1)
    .where('state', 'in', OPEN)
    .where('until', '>', now)
    .orderBy('asked_at')
    .execute()
  const byProvider = Map.groupBy(rows, ({ provider_id }) => provider_id)
  return new Map(
    [...byProvider].map(([id, those]) => [
      id,
      those.map(({ service_id: serviceId, model, wish }) => ({ serviceId, model, wish }))
    ])
  )
}

/** A model that was to be loaded, and what became of that. */
export interface WantedWarm {
  model: string
  state: WarmState
  /** Why; empty where there is nothing to say. */
  text: string
  askedAt: number
}

/** By service; of those of which any was wished lately. */
export async function listWarms(
  db: Db,
  { serviceIds, now }: { serviceIds: readonly string[]; now: number }
): Promise<Map<string, WantedWarm[]>> {
  if (serviceIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('service_warms')
    .selectAll()
    .where('service_id', 'in', serviceIds)
    .where('until', '>', now - SHOWN_FOR_MS)
    .orderBy('asked_at')
    .execute()
  const shown = rows.filter(({ state, until }) => until > now || OPEN.includes(state))
  const byService = Map.groupBy(shown, ({ service_id }) => service_id)
  return new Map(
    [...byService].map(([id, those]) => [
      id,
      those.map(({ model, state, text, asked_at: askedAt, until }) =>
        until > now ? { model, state, text, askedAt } : { model, state: 'failed', text: NO_ANSWER, askedAt }
      )
    ])
  )
}

/** Forgets what the owner of a provider wished. */
export async function forgetWarms(trx: Trx, providerId: string): Promise<void> {
  const services = trx.selectFrom('services').select('id').where('provider_id', '=', providerId)
  await trx.deleteFrom('service_warms').where('service_id', 'in', services).execute()
}
