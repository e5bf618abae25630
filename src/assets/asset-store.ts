import type { Selectable } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'

export type AssetRow = Selectable<Tables['assets']>

export interface AssetStore {
  findAsset(id: string): Promise<AssetRow | undefined>
  /** Of these storage keys, those that a row refers to. */
  knownKeys(keys: readonly string[]): Promise<Set<string>>
}

export function createAssetStore({ db }: Pick<Database, 'db'>): AssetStore {
  return {
    findAsset: (id) => db.selectFrom('assets').selectAll().where('id', '=', id).executeTakeFirst(),
    knownKeys: async (keys) => {
      const rows = await db.selectFrom('assets').select('storage_key').where('storage_key', 'in', keys).execute()
      return new Set(rows.map((row) => row.storage_key))
    }
  }
}
