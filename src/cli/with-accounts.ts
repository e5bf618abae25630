import { openDatabase } from '../app/open-database.ts'
import { createApiKeyStore } from '../auth/api-key-store.ts'
import { type ApiKeys, createApiKeys } from '../auth/api-keys.ts'
import { createUserStore, type UserStore } from '../auth/user-store.ts'
import { loadConfig } from '../config/config.ts'

export interface Accounts {
  users: UserStore
  apiKeys: ApiKeys
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
  const database = await openDatabase(loadConfig(), { onFatal })
  try {
    const { clock, bell } = database
    const apiKeys = createApiKeys({ store: createApiKeyStore(database), clock, bell })
    const result = await command({ users: createUserStore(database), apiKeys, now: () => clock.now() })
    await database.durable()
    return result
  } finally {
    await database.close()
  }
}
