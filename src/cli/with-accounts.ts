import { createApiKeyStore } from '../auth/api-key-store.ts'
import { type ApiKeys, createApiKeys } from '../auth/api-keys.ts'
import { createUserStore, type UserStore } from '../auth/user-store.ts'
import { countImagesSince } from '../usage/usage-store.ts'
import { loadConfig } from '../config/config.ts'

export interface Accounts {
  users: UserStore
  apiKeys: ApiKeys
  /** Images a key has made, ever. */
  countImages: (keyId: string) => Promise<number>
  now: () => number
}

/**
 * Runs a command on the installation in the data folder, whether or not a gateway runs on it; a running one notices
 * within a second. What the command did is on disk when this resolves.
 */
export async function withAccounts<T>(command: (accounts: Accounts) => Promise<T>): Promise<T> {
  const onFatal = (error: unknown) => {
    throw error
  }
  // Loaded when needed, as in `serve.ts`.
  const { openDatabase } = await import('../app/open-database.ts')
  const database = await openDatabase(loadConfig(), { onFatal })
  try {
    const { clock, bell } = database
    const apiKeys = createApiKeys({ store: createApiKeyStore(database), clock, bell })
    const result = await command({
      users: createUserStore(database),
      apiKeys,
      countImages: (keyId) => countImagesSince(database.db, { api_key_id: keyId }, 0),
      now: () => clock.now()
    })
    await database.durable()
    return result
  } finally {
    await database.close()
  }
}
