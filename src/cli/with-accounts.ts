import type { OpenExport } from '../app/open-export.ts'
import type { moveStorage, StorageMoved } from '../app/storage-move.ts'
import type { StorageCheck } from '../app/storage-check.ts'
import { createApiKeyStore } from '../auth/api-key-store.ts'
import { type ApiKeys, createApiKeys } from '../auth/api-keys.ts'
import { createInvitationStore } from '../people/invitation-store.ts'
import { createInvitations, type Invitations } from '../people/invitations.ts'
import { changePerson, type ChangedPerson } from '../people/person-change-store.ts'
import { createUserStore, type UserStore } from '../people/user-store.ts'
import { waysToSignIn } from '../people/ways-to-sign-in.ts'
import { countImagesSince } from '../usage/usage-store.ts'
import { type Config, loadConfig } from '../config/config.ts'
import { DataDirUnusable } from '../db/data-dir-unusable.ts'
import { isDataDirLocked } from '../db/data-dir-lock.ts'
import { findGatewayAddress, type GatewayAddress } from '../db/gateway-address.ts'
import { AppError } from '../lib/errors.ts'
import { localUrl } from '../lib/local-url.ts'
import { silentLogger } from '../lib/logger.ts'
import { createNetwork, type Network } from '../network/network.ts'
import { createSettings } from '../settings/settings.ts'
import { CommandFailed } from './command-failed.ts'
import { explainDataDir, requireInstallation } from './installation.ts'

export interface Accounts {
  users: UserStore
  apiKeys: ApiKeys
  invitations: Invitations
  /** What whoever runs the server changes of somebody. Throws like `changePerson`. */
  changePerson: (changed: Omit<ChangedPerson, 'by'>) => Promise<void>
  network: Network
  /** What links begin with. */
  base: string
  /** Images a key has made, ever. */
  countImages: (keyId: string) => Promise<number>
  now: () => number
  /** The stored images, beside whoever else uses them. */
  openStorageCheck: () => Promise<StorageCheck>
  /** See `exportRequests`; the images are read beside whoever else uses them. */
  openExport: () => Promise<OpenExport>
  /** What is known of the settings of a server that runs, and those of this command. */
  running: GatewayAddress | undefined
  isInUse: boolean
  config: Config
  /** See `moveStorage`. */
  moveStorage: (options: Parameters<typeof moveStorage>[2]) => Promise<StorageMoved>
}

/**
 * Runs a command on the installation in the data folder, whether or not a gateway runs on it; a running one notices
 * within a second. What the command did is on disk when this resolves. Throws `CommandFailed` when there is no installation,
 * and makes none, and in place of errors of the catalogue. `otherwise` is a sentence of what else there is where there is no
 * installation.
 */
export async function withAccounts<T>(command: (accounts: Accounts) => Promise<T>, otherwise?: string): Promise<T> {
  const onFatal = (error: unknown) => {
    throw error
  }
  // Loaded when needed, as in `serve.ts`.
  const { openDatabase } = await import('../app/open-database.ts')
  const config = loadConfig()
  await requireInstallation(config, otherwise)
  const running = await findGatewayAddress(config.dataDir)
  const isInUse = isDataDirLocked(config.dataDir)
  const database = await openDatabase(config, { onFatal, isInUse }).catch((error: unknown) => {
    throw explainDataDir(error, config)
  })
  try {
    const { clock, bell } = database
    const settings = createSettings({ database, config, logger: silentLogger() })
    await settings.load()
    settings.close()
    const apiKeys = createApiKeys({ store: createApiKeyStore(database), clock, bell })
    const users = createUserStore(database)
    const store = createInvitationStore(database)
    const result = await command({
      users,
      apiKeys,
      invitations: createInvitations({ store, users, clock, lifetimeMs: () => config.signIn.invitationLifetimeMs }),
      network: createNetwork(database, config.offering, config.limits),
      changePerson: (changed) => changePerson(database, { ...changed, by: null, ways: waysToSignIn(config.signIn) }),
      base: running?.publicUrl ?? config.publicUrl ?? running?.url ?? localUrl(config),
      countImages: (keyId) => countImagesSince(database.db, { api_key_id: keyId }, 0),
      now: () => clock.now(),
      openStorageCheck: async () => (await import('../app/storage-check.ts')).openStorageCheck(database, config),
      openExport: async () => (await import('../app/open-export.ts')).openExport(database, config),
      ...{ running, isInUse, config },
      moveStorage: async (options) => (await import('../app/storage-move.ts')).moveStorage(database, config, options)
    })
    await database.durable()
    return result
  } catch (error) {
    const isTold = error instanceof AppError || error instanceof DataDirUnusable
    throw isTold ? new CommandFailed(error.message) : error
  } finally {
    await database.close()
  }
}
