import { createAssetStore } from '../assets/asset-store.ts'
import { listMissing, type MissingImage } from '../assets/check-storage.ts'
import { moveImages, type MoveReport } from '../assets/move-images.ts'
import type { Config } from '../config/config.ts'
import { lockMove } from '../db/data-dir-lock.ts'
import type { Database } from '../db/database.ts'
import { createMovingStore } from '../storage/moving-store.ts'
import { openBothStores } from '../storage/open-store.ts'
import { throwStoreUnusable } from './store-unusable.ts'

export type { MoveReport } from '../assets/move-images.ts'

export interface StorageMoved extends MoveReport {
  /** Images whose bytes are in neither place. */
  missing: MissingImage[]
}

/**
 * For a command: moves all images from `storageFrom` to `storage`, whether or not a gateway of these settings runs; see
 * `moveImages`. Throws `DataDirUnusable` when one of the two refuses, or another is moving them.
 */
export async function moveStorage(
  database: Database,
  config: Config,
  options: { deletesSource: boolean; onProgress: (report: Readonly<MoveReport>) => void }
): Promise<StorageMoved> {
  const unlock = lockMove(config.dataDir)
  try {
    const { to, from } = await openBothStores(config, { isShared: true })
    if (!from) throw new Error('nothing is to be moved')
    const assets = createAssetStore(database)
    const report = await moveImages({ ...options, from, to, assets })
    return {
      ...report,
      missing: await listMissing({ store: createMovingStore({ to, from }), assets, readsAll: false })
    }
  } catch (error) {
    return throwStoreUnusable(error, 'Not everything was moved, run it again')
  } finally {
    unlock()
  }
}
