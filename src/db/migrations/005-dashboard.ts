import type { Kysely } from 'kysely'

/**
 * Indexes for lists of requests that stay fast however many there are: each ends in what the lists are ordered by, so
 * that any page is read from where it begins and nothing is sorted.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const order = ['created_at', 'id']
  const widened = { requests_by_user: ['user_id'], requests_by_user_state: ['user_id', 'state'] }
  const added = {
    requests_by_user_model: ['user_id', 'model', 'state'],
    requests_by_time: [],
    requests_by_state: ['state'],
    requests_by_model: ['model', 'state']
  }
  for (const name of Object.keys(widened)) await db.schema.dropIndex(name).execute()
  for (const [name, columns] of Object.entries({ ...widened, ...added })) {
    await db.schema
      .createIndex(name)
      .on('requests')
      .columns([...columns, ...order])
      .execute()
  }
  // Whether a provider worked on a request, and which providers somebody has had images of.
  await db.schema
    .createIndex('attempts_by_provider_request')
    .on('attempts')
    .columns(['provider_id', 'request_id'])
    .execute()
  await db.schema
    .createIndex('usage_hours_by_user_provider')
    .on('usage_hours')
    .columns(['user_id', 'provider_id'])
    .execute()
}
