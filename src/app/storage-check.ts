import { createAssetStore } from '../assets/asset-store.ts'
import { checkStorage, type StorageFindings, type UnnamedImage } from '../assets/check-storage.ts'
import { readFacts } from '../assets/read-facts.ts'
import { thumbnailKeys } from '../assets/storage-keys.ts'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { ImageRejected } from '../images/image-inspector.ts'
import { adoptImage } from '../requests/adopt-image.ts'
import { openStore, type StoreSettings } from '../storage/open-store.ts'
import { ObjectDamaged } from '../storage/object-store.ts'
import { throwStoreUnusable } from './store-unusable.ts'

export type { MissingImage, UnnamedImage, YoungImages } from '../assets/check-storage.ts'

export interface StorageCheck {
  /** Rows without bytes or, when all are read (`readsAll`), with others than were stored; and bytes without a row. */
  find(options: { readsAll: boolean }): Promise<StorageFindings>
  /** Makes a request of somebody of each that is an image; returns those that are not, or could not be read to their end. */
  adopt(images: readonly UnnamedImage[], userId: string): Promise<UnnamedImage[]>
  erase(images: readonly UnnamedImage[]): Promise<void>
}

const AT_A_TIME = 500

/** For a command: a gateway may run on the same folder. What it gives throws `DataDirUnusable` when the disk refuses. */
export async function openStorageCheck(
  database: Database,
  { quarantineMs, ...settings }: Pick<Config, 'quarantineMs'> & StoreSettings
): Promise<StorageCheck> {
  const assets = createAssetStore(database)
  const orUnusable = (error: unknown) =>
    throwStoreUnusable(error, `The images in ${settings.storage ?? settings.dataDir} cannot be read or written`)
  const store = await openStore(settings, { isShared: true }).catch(orUnusable)

  const adoptOne = async ({ key, imageKey: storageKey, storedAt }: UnnamedImage, userId: string) => {
    const facts = await readFacts(store, key)
    // Before its row: a sweep that is about to erase it finds it no more. Should this process end here, the next sweep sets
    // it aside anew; should one do so before the row is there, the one after that puts it back.
    if (key !== storageKey && !(await store.move(key, storageKey))) {
      throw new ObjectDamaged(`the bytes of ${key} have been erased meanwhile`)
    }
    await adoptImage(database, { ...facts, userId, storageKey, storedAt })
    await database.durable()
  }
  const adopt: StorageCheck['adopt'] = async (images, userId) => {
    const rejected: UnnamedImage[] = []
    for (const image of images) {
      try {
        await adoptOne(image, userId)
      } catch (error) {
        if (!(error instanceof ImageRejected) && !(error instanceof ObjectDamaged)) throw error
        rejected.push(image)
      }
    }
    return rejected
  }
  const erase: StorageCheck['erase'] = async (images) => {
    for (let at = 0; at < images.length; at += AT_A_TIME) {
      const some = images.slice(at, at + AT_A_TIME)
      // Somebody may have been given one since it was found.
      const known = await assets.knownKeys(some.map(({ imageKey }) => imageKey))
      const unnamed = some.filter(({ imageKey }) => !known.has(imageKey))
      await store.remove(unnamed.flatMap(({ key, imageKey }) => [key, ...thumbnailKeys(imageKey)]))
    }
  }
  return {
    find: ({ readsAll }) =>
      checkStorage({ store, assets, quarantineMs, readsAll, now: database.clock.now() }).catch(orUnusable),
    adopt: (images, userId) => adopt(images, userId).catch(orUnusable),
    erase: (images) => erase(images).catch(orUnusable)
  }
}
