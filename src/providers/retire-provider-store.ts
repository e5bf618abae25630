import type { Db } from '../db/database.ts'
import { lockPerson, lockProvider } from '../db/locks.ts'
import { forgetFinds } from './service-finds-store.ts'
import { forgetOffers } from './service-offers-store.ts'
import { forgetWarms } from './service-warms-store.ts'

/** In the records of others it stays apart from others of the same owner, and tells nothing of them. */
const retiredName = (id: string): string => `deleted ${id.slice(4, 12)}`

/**
 * Forgets the providers of somebody who is gone, and who might use them, by name and by address. Their rows stay for the
 * attempts and the usage of others, under a name that says nothing.
 */
export const retireProviders = (db: Db, { ownerId, now }: { ownerId: string; now: number }): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await lockPerson(trx, ownerId)
    await trx.deleteFrom('provider_blocks').where('user_id', '=', ownerId).execute()
    const providers = await trx.selectFrom('providers').select('id').where('owner_id', '=', ownerId).execute()
    await lockProvider(trx, ...providers.map(({ id }) => id))
    for (const { id } of providers) {
      const services = trx.selectFrom('services').select('id').where('provider_id', '=', id)
      await forgetFinds(trx, id)
      await forgetOffers(trx, id)
      await forgetWarms(trx, id)
      await trx.deleteFrom('service_pauses').where('service_id', 'in', services).execute()
      await trx.deleteFrom('service_models').where('service_id', 'in', services).execute()
      await trx
        .updateTable('services')
        .set({ declared: 0, description: null, access: '"private"', declared_terms: null, owner_terms: null })
        .where('provider_id', '=', id)
        .execute()
      await trx.deleteFrom('provider_blocks').where('provider_id', '=', id).execute()
      await trx
        .updateTable('providers')
        .set((e) => ({
          name: retiredName(id),
          agent_version: null,
          drained_at: null,
          forgotten_at: e.fn.coalesce('forgotten_at', e.val(now)),
          online_until: e.case().when('online_until', '>', now).then(e.val(now)).else(e.ref('online_until')).end()
        }))
        .where('id', '=', id)
        .execute()
    }
  })
