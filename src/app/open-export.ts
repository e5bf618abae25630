import { openStored } from '../assets/open-stored.ts'
import { createUnreadableBytes } from '../assets/unreadable-bytes.ts'
import type { Database } from '../db/database.ts'
import { silentLogger } from '../lib/logger.ts'
import { type ExportedPerson, exportRequests } from '../request-views/export-requests.ts'
import { openStore, type StoreSettings } from '../storage/open-store.ts'
import { throwStoreUnusable } from './store-unusable.ts'

/** All that somebody asked for, as `exportRequests` makes an archive of it. */
export type OpenExport = (person: ExportedPerson, signal: AbortSignal) => AsyncIterable<Uint8Array>

/** For a command: a gateway may run on the same folder. Throws `DataDirUnusable` when the images cannot be reached. */
export async function openExport(database: Database, settings: StoreSettings): Promise<OpenExport> {
  const store = await openStore(settings, { isShared: true }).catch((error: unknown) =>
    throwStoreUnusable(error, `The images in ${settings.storage ?? settings.dataDir} cannot be read`)
  )
  const stored = { store, unreadable: createUnreadableBytes({ logger: silentLogger() }) }
  const assets = {
    openBytes: ({ storage_key: storageKey, bytes }: { storage_key: string; bytes: number }) =>
      openStored(stored, { storageKey, bytes })
  }
  return (person, signal) => exportRequests({ database, assets }, { person, signal })
}
