import type { Trx } from '../db/database.ts'
import type { Feature } from '../images/image-request.ts'
import { newId } from '../lib/ids.ts'
import { ALL_MODELS } from './pause-store.ts'
import { acceptedOffers } from './service-offers-store.ts'
import { termsToWrite } from './service-terms-store.ts'
import type { ServiceAccess } from './service-terms.ts'

/** What an agent says it offers. */
export interface DeclaredService {
  name: string
  type: string
  engine?: string
  description?: string
  concurrency: number
  timeoutMs: number
  access: ServiceAccess
  /** Images that others than its owner may have from it within an hour, in all and each. */
  imagesPerHour?: number
  imagesPerUserHour?: number
  models: { id: string; features: Feature[] }[]
}

/** Models written by one statement. */
const ROWS_AT_ONCE = 100

/** The ids of the services by name, and what was not offered before: services as a whole, and models. */
export async function writeServices(
  trx: Trx,
  providerId: string,
  {
    services,
    acceptsOffers = false,
    probes = false,
    now
  }: { services: readonly DeclaredService[]; acceptsOffers?: boolean; probes?: boolean; now: number }
) {
  const before = await trx
    .updateTable('services')
    .set({ declared: 0 })
    .where('provider_id', '=', providerId)
    .where('declared', '=', 1)
    .returning('id')
    .execute()
  const known = new Set(before.map(({ id }) => id))
  const accepted = await acceptedOffers(trx, { providerId, acceptsOffers })
  const ids = new Map<string, string>()
  const fresh: { serviceId: string; model: string }[] = []
  for (const service of services) {
    const id = await writeService(trx, providerId, { ...service, isTold: probes })
    const models = await writeModels(trx, { serviceId: id, service, accepted: accepted.get(id) ?? [], now })
    for (const model of known.has(id) ? models : [ALL_MODELS]) fresh.push({ serviceId: id, model })
    ids.set(service.name, id)
  }
  return { ids, fresh }
}

const termsOf = ({ access, imagesPerHour, imagesPerUserHour }: DeclaredService) => ({
  access,
  ...(imagesPerHour !== undefined && { imagesPerHour }),
  ...(imagesPerUserHour !== undefined && { imagesPerUserHour })
})

async function writeService(
  trx: Trx,
  providerId: string,
  service: DeclaredService & { isTold: boolean }
): Promise<string> {
  const values = {
    type: service.type,
    engine: service.engine ?? null,
    description: service.description ?? null,
    concurrency: service.concurrency,
    timeout_ms: service.timeoutMs,
    ...(await termsToWrite(trx, { providerId, name: service.name, declared: termsOf(service) })),
    // An agent that tells anew how it finds its image servers does so in a moment.
    ...(!service.isTold && { warning: null, warning_since: null }),
    loaded: null,
    declared: 1
  }
  const row = await trx
    .insertInto('services')
    .values({ id: newId('svc'), provider_id: providerId, name: service.name, ...values })
    .onConflict((c) => c.columns(['provider_id', 'name']).doUpdateSet(values))
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/**
 * What its owner offered here and its agent has accepted before stays, until it says anew what it makes of that. Returns the models
 * that were not offered before.
 */
async function writeModels(
  trx: Trx,
  written: { serviceId: string; service: DeclaredService; accepted: readonly string[]; now: number }
): Promise<string[]> {
  const { serviceId, service, now } = written
  const kept = [...service.models.map((model) => model.id), ...written.accepted]
  await trx
    .deleteFrom('service_models')
    .where('service_id', '=', serviceId)
    .$if(kept.length > 0, (q) => q.where('model', 'not in', kept))
    .execute()
  const known = await trx.selectFrom('service_models').select('model').where('service_id', '=', serviceId).execute()
  // Of one that it names twice the last counts.
  const models = [...new Map(service.models.map((model) => [model.id, model])).values()]
  for (let from = 0; from < models.length; from += ROWS_AT_ONCE) {
    const rows = models.slice(from, from + ROWS_AT_ONCE).map(({ id, features }) => ({
      service_id: serviceId,
      model: id,
      features: features.join(' '),
      created_at: now
    }))
    await trx
      .insertInto('service_models')
      .values(rows)
      .onConflict((c) =>
        c.columns(['model', 'service_id']).doUpdateSet((e) => ({ features: e.ref('excluded.features') }))
      )
      .execute()
  }
  const before = new Set(known.map(({ model }) => model))
  return models.map(({ id }) => id).filter((id) => !before.has(id))
}
