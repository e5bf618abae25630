import type { Db, Trx } from '../db/database.ts'
import { lockProvider } from '../db/locks.ts'

/** What the image server of a service has, as its agent says. Names are the image server's own. */
export interface ServiceFinds {
  models: FoundFile[]
  loras: string[]
  /** Models and LoRAs that are there beside these. */
  moreModels: number
  moreLoras: number
  /** The agent lets its owner offer them here. */
  mayOffer?: true
  /** Of its graphics card, bytes. */
  memory?: { free: number; total: number }
}

export interface FoundFile {
  name: string
  bytes?: number
  /** It lacks files without which it cannot be used. */
  isIncomplete?: true
  /** Models of the service that it serves. */
  serves: string[]
}

/** LoRAs that callers may name with each of these models. */
export interface UsableLoras {
  models: string[]
  loras: string[]
  /** There are more than the list has room for. */
  more?: boolean
}

export type LoraList = Pick<UsableLoras, 'loras' | 'more'>
/** By service and model. */
export type LorasByService = ReadonlyMap<string, ReadonlyMap<string, LoraList>>

/** In place of what is found, as long as the newest connection has not told it. */
const NOT_TOLD = ''

/** Writes down what a service has, as long as the connection that says so is the provider's newest. */
export const noteFinds = (
  db: Db,
  {
    connection: { providerId, epoch },
    serviceId,
    finds,
    loras,
    now
  }: {
    connection: { providerId: string; epoch: number }
    serviceId: string
    finds: ServiceFinds
    loras: readonly UsableLoras[]
    now: number
  }
): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await lockProvider(trx, providerId)
    const current = await trx
      .selectFrom('services')
      .innerJoin('providers', 'providers.id', 'services.provider_id')
      .select('services.id')
      .where('services.id', '=', serviceId)
      .where('services.declared', '=', 1)
      .where('providers.id', '=', providerId)
      .where('providers.epoch', '=', epoch)
      .executeTakeFirst()
    if (!current) return
    const values = {
      found: JSON.stringify(finds),
      loras: JSON.stringify(loras),
      spare:
        finds.models.filter(({ serves, isIncomplete }) => serves.length === 0 && !isIncomplete).length +
        finds.moreModels,
      found_at: now
    }
    await trx
      .insertInto('service_finds')
      .values({ service_id: serviceId, ...values })
      .onConflict((c) => c.column('service_id').doUpdateSet(values))
      .execute()
  })

/** Writes down which models a service has loaded, under the same condition. */
export async function noteLoaded(
  db: Db,
  { providerId, epoch }: { providerId: string; epoch: number },
  { serviceId, models }: { serviceId: string; models: readonly string[] }
): Promise<void> {
  const newest = db.selectFrom('providers').select('id').where('id', '=', providerId).where('epoch', '=', epoch)
  await db
    .updateTable('services')
    .set({ loaded: JSON.stringify(models) })
    .where('id', '=', serviceId)
    .where('provider_id', 'in', newest)
    .execute()
}

/**
 * An agent that connects tells anew what its services have. Until it does, LoRAs count as they were, so that what was queued
 * for them need not wait and is not refused; of services that drive something else now, they do not.
 */
export async function outdateFinds(
  trx: Trx,
  { providerId, services }: { providerId: string; services: readonly { name: string; engine?: string }[] }
): Promise<void> {
  const engines = new Map(services.map(({ name, engine }) => [name, engine ?? null]))
  const known = await trx
    .selectFrom('service_finds')
    .innerJoin('services', 'services.id', 'service_finds.service_id')
    .select(['services.id', 'services.name', 'services.engine', 'service_finds.loras'])
    .where('services.provider_id', '=', providerId)
    .execute()
  const isKept = ({ name, engine, loras }: (typeof known)[number]) => loras !== '[]' && engines.get(name) === engine
  const idsOf = (rows: typeof known) => rows.map(({ id }) => id)
  const [kept, gone] = [idsOf(known.filter(isKept)), idsOf(known.filter((row) => !isKept(row)))]
  if (gone.length > 0) await trx.deleteFrom('service_finds').where('service_id', 'in', gone).execute()
  if (kept.length > 0) {
    await trx.updateTable('service_finds').set({ found: NOT_TOLD, spare: 0 }).where('service_id', 'in', kept).execute()
  }
}

/** Forgets what the services of a provider have. */
export async function forgetFinds(trx: Db | Trx, providerId: string): Promise<void> {
  const services = trx.selectFrom('services').select('id').where('provider_id', '=', providerId)
  await trx.deleteFrom('service_finds').where('service_id', 'in', services).execute()
}

/** How many models serve nothing yet and could, by service; of those of which it is known. */
export async function countSpareModels(db: Db, serviceIds: readonly string[]): Promise<Map<string, number>> {
  if (serviceIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('service_finds')
    .select(['service_id', 'spare'])
    .where('service_id', 'in', serviceIds)
    .where('found', '!=', NOT_TOLD)
    .execute()
  return new Map(rows.map(({ service_id, spare }) => [service_id, spare]))
}

/** The whole of it, by service; of those of which anything is known. */
export async function listFinds(
  db: Db,
  serviceIds: readonly string[]
): Promise<Map<string, ServiceFinds & { at: number }>> {
  if (serviceIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('service_finds')
    .select(['service_id', 'found', 'found_at'])
    .where('service_id', 'in', serviceIds)
    .where('found', '!=', NOT_TOLD)
    .execute()
  return new Map(rows.map((row) => [row.service_id, { ...(JSON.parse(row.found) as ServiceFinds), at: row.found_at }]))
}

/** LoRAs by service and model; of the services and models that have any. */
export async function listUsableLoras(db: Db, serviceIds: readonly string[]): Promise<LorasByService> {
  if (serviceIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('service_finds')
    .select(['service_id', 'loras'])
    .where('service_id', 'in', serviceIds)
    .where('loras', '!=', '[]')
    .execute()
  return new Map(
    rows.map((row) => [
      row.service_id,
      new Map((JSON.parse(row.loras) as UsableLoras[]).flatMap(({ models, ...list }) => models.map((id) => [id, list])))
    ])
  )
}
