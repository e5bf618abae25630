import type { Insertable } from 'kysely'
import type { Database, Db } from '../../src/db/database.ts'
import type { Tables } from '../../src/db/tables.ts'
import { openTestDatabase } from './open-test-database.ts'

type Row<Table extends keyof Tables> = Partial<Insertable<Tables[Table]>>

/** A database of its own, with rows as tests of lists want them: what is not said is of no importance. */
export interface RequestRows {
  database: Database
  db: Db
  addUser(id: string, change?: Row<'users'>): Promise<void>
  addProvider(id: string, change: Row<'providers'> & { owner_id: string }): Promise<void>
  addService(id: string, change: Row<'services'> & { provider_id: string; models?: string[] }): Promise<void>
  addRequest(id: string, change: Row<'requests'> & { user_id: string }): Promise<void>
  /** Of a request there is. */
  addTask(id: string, change: Row<'tasks'> & { request_id: string }): Promise<void>
  addAttempt(id: string, change: Row<'attempts'> & { task_id: string; request_id: string }): Promise<void>
  addAsset(id: string, change: Row<'assets'> & { request_id: string }): Promise<void>
  close(): Promise<void>
}

export async function openRequestRows(): Promise<RequestRows> {
  const database = await openTestDatabase({ clock: { now: () => 0 } })
  const { db } = database
  return {
    database,
    db,
    addUser: async (id, change = {}) => {
      const row = { id, name: id, email: `${id}@example.org`, role: 'member', created_at: 1, updated_at: 1 }
      await db
        .insertInto('users')
        .values({ ...row, ...change })
        .execute()
    },
    addProvider: async (id, change) => {
      const seen = { epoch: 1, connected_at: 1, online_until: 1, last_seen_at: 1 }
      await db
        .insertInto('providers')
        .values({ id, name: id, ...seen, ...change })
        .execute()
    },
    addService: async (id, { models = [], ...change }) => {
      const row = { name: id, type: 'image', concurrency: 1, timeout_ms: 1000, access: '"members"', declared: 1 }
      await db
        .insertInto('services')
        .values({ id, ...row, ...change })
        .execute()
      for (const model of models) {
        const offer = { service_id: id, model, features: 'generate', created_at: 1 }
        await db.insertInto('service_models').values(offer).execute()
      }
    },
    addRequest: async (id, change) => {
      const asked = { api_key_id: '', kind: 'generation', model: 'm', prompt: '', parameters: '{}', n: 1 }
      await db
        .insertInto('requests')
        .values({ id, state: 'queued', is_async: 1, created_at: 1, warnings: '[]', ...asked, ...change })
        .execute()
    },
    addTask: async (id, change) => {
      const request = await db
        .selectFrom('requests')
        .select(['user_id', 'state', 'kind', 'model'])
        .where('id', '=', change.request_id)
        .executeTakeFirstOrThrow()
      const place = { position: 0, needs: 'generate', routing: 'any', seed: 1, class: 1, order_key: 0, queued_at: 0 }
      await db
        .insertInto('tasks')
        .values({ id, ...request, ...place, ...change } as Insertable<Tables['tasks']>)
        .execute()
    },
    addAttempt: async (id, change) => {
      const row = { service_id: 'svc', provider_id: 'prv', epoch: 1, token_hash: '', lease_until: 0, assigned_at: 0 }
      await db
        .insertInto('attempts')
        .values({ id, state: 'succeeded', ...row, ...change })
        .execute()
    },
    addAsset: async (id, change) => {
      const image = { media_type: 'image/png', bytes: 100, sha256: '', width: 64, height: 48, created_at: 1 }
      await db
        .insertInto('assets')
        .values({ id, owner_id: '', kind: 'output', position: 0, storage_key: id, ...image, ...change })
        .execute()
    },
    close: async () => {
      await database.close()
    }
  }
}
