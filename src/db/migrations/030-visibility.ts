import type { Kysely } from 'kysely'

/**
 * Who may fetch the images of a request (`lib/visibility.ts`), what somebody or a key says where a call does not (null: nothing),
 * and the links by which an owner shows a request's images to whoever has them: `token` is what is in the link.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('requests')
    .addColumn('visibility', 'text', (c) => c.notNull().defaultTo('UNLISTED'))
    .execute()
  await db.schema.alterTable('users').addColumn('default_visibility', 'text').execute()
  await db.schema.alterTable('api_keys').addColumn('default_visibility', 'text').execute()
  await db.schema
    .createTable('share_links')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('token', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .execute()
  await db.schema
    .createIndex('share_links_by_request')
    .on('share_links')
    .columns(['request_id', 'created_at'])
    .execute()
}
