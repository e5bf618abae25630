import type { Db } from '../db/database.ts'
import type { ServiceAccess } from '../providers/service-terms.ts'

/** An image service that there is or was, with the models it offers or offered last. */
export interface KnownService {
  providerId: string
  ownerId: string
  access: ServiceAccess
  models: string[]
}

export async function listKnownServices(db: Db): Promise<KnownService[]> {
  const services = await db
    .selectFrom('services')
    .innerJoin('providers', 'providers.id', 'services.provider_id')
    .select(['services.id', 'services.provider_id', 'services.access', 'providers.owner_id'])
    .where('services.type', '=', 'image')
    .execute()
  const models = Map.groupBy(
    await db.selectFrom('service_models').select(['service_id', 'model']).execute(),
    (row) => row.service_id
  )
  return services.map((service) => ({
    providerId: service.provider_id,
    ownerId: service.owner_id,
    access: JSON.parse(service.access) as ServiceAccess,
    models: (models.get(service.id) ?? []).map((row) => row.model)
  }))
}

export const listProviderNames = (db: Db): Promise<{ id: string; name: string }[]> =>
  db.selectFrom('providers').select(['id', 'name']).orderBy('name').orderBy('id').execute()

/** Ids of providers that made images for somebody, as far as usage has been added up. One look into the index for each. */
export async function listProvidersUsed(db: Db, userId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('providers')
    .select('providers.id')
    .where((e) =>
      e.exists(
        e
          .selectFrom('usage_hours')
          .select('usage_hours.hour')
          .where('usage_hours.user_id', '=', userId)
          .whereRef('usage_hours.provider_id', '=', 'providers.id')
      )
    )
    .execute()
  return rows.map((row) => row.id)
}
