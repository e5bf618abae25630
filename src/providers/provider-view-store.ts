import type { Selectable } from 'kysely'
import type { Db } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import type { Feature } from '../images/image-request.ts'
import {
  declaredTerms,
  isAddress,
  type OwnerTerms,
  ownerTerms,
  type ServiceAccess,
  type ServiceTerms
} from './service-terms.ts'
import { listNamesOf } from './service-terms-store.ts'

/** A provider with what it declares. */
export type ProviderView = Selectable<Tables['providers']> & {
  owner_name: string
  owner_role: string
  /** Of whom its trust rests on; null: nobody, or nobody who is here. */
  trust_by_name: string | null
  /** Of the key with which it was connected last; null: it still counts, as far as that goes. */
  key_revoked_at: number | null
  key_expires_at: number | null
  services: ServiceView[]
}

export type ServiceView = Omit<Selectable<Tables['services']>, 'access' | 'loaded'> & {
  access: ServiceAccess
  /** As its agent declares it, and what its owner has set here instead. */
  asDeclared: ServiceTerms
  byOwner: OwnerTerms
  /** Those who are listed by id, as far as there are such people. */
  people: { id: string; name: string }[]
  /** `isLoaded` is absent where it is not known. */
  models: { id: string; features: Feature[]; isLoaded?: boolean }[]
}

/** Every provider that is not forgotten, or the one with that id, with the services it declares or declared last. */
export async function listProviderViews(db: Db, providerId?: string): Promise<ProviderView[]> {
  const providers = await db
    .selectFrom('providers')
    .innerJoin('users', 'users.id', 'providers.owner_id')
    .selectAll('providers')
    .leftJoin('users as admins', 'admins.id', 'providers.trust_by')
    .leftJoin('api_keys', 'api_keys.id', 'providers.api_key_id')
    .select(['users.name as owner_name', 'users.role as owner_role', 'admins.name as trust_by_name'])
    .select(['api_keys.revoked_at as key_revoked_at', 'api_keys.expires_at as key_expires_at'])
    .where('providers.forgotten_at', 'is', null)
    .$if(providerId !== undefined, (q) => q.where('providers.id', '=', providerId ?? ''))
    .orderBy('providers.name')
    .orderBy('providers.id')
    .execute()
  const services = Map.groupBy(await listServices(db, providerId), (service) => service.provider_id)
  return providers.map((provider) => ({ ...provider, services: services.get(provider.id) ?? [] }))
}

async function listServices(db: Db, providerId: string | undefined): Promise<ServiceView[]> {
  const declared = db
    .selectFrom('services')
    .where('declared', '=', 1)
    .$if(providerId !== undefined, (q) => q.where('provider_id', '=', providerId ?? ''))
  const rows = await declared.selectAll().orderBy('name').execute()
  const offered = await db
    .selectFrom('service_models')
    .selectAll()
    .$if(providerId !== undefined, (q) => q.where('service_id', 'in', declared.select('id')))
    .orderBy('model')
    .execute()
  const models = Map.groupBy(offered, (model) => model.service_id)
  const listed = rows.flatMap((row) => idsIn(JSON.parse(row.access) as ServiceAccess))
  const names = await listNamesOf(db, [...new Set(listed)])
  return rows.map(({ loaded, ...row }) => ({
    ...row,
    access: JSON.parse(row.access) as ServiceAccess,
    asDeclared: declaredTerms(row),
    byOwner: ownerTerms(row),
    people: idsIn(JSON.parse(row.access) as ServiceAccess).flatMap((id) => {
      const name = names.get(id)
      return name === undefined ? [] : [{ id, name }]
    }),
    models: (models.get(row.id) ?? []).map(({ model, features }) => ({
      id: model,
      features: features.split(' ').filter((feature) => feature !== '') as Feature[],
      ...(loaded !== null && { isLoaded: (JSON.parse(loaded) as string[]).includes(model) })
    }))
  }))
}

const idsIn = (access: ServiceAccess): string[] =>
  typeof access === 'string' ? [] : access.filter((one) => !isAddress(one))
