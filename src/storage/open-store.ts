import { ON_DISK, type STORAGE, parseS3Location } from '../config/storage-settings.ts'
import type { Setting } from '../config/settings.ts'
import { openDiskStore } from './disk-store.ts'
import { createMovingStore } from './moving-store.ts'
import type { ObjectStore } from './object-store.ts'

export type StoreSettings = { dataDir: string } & {
  [K in keyof typeof STORAGE]?: (typeof STORAGE)[K] extends Setting<infer V> ? V : never
}

/**
 * Opens where the settings say that images are stored; while they are moved there, with what has not been moved yet. `isShared`:
 * another process may be writing there. Throws what opening a folder does, and `StorageMisconfigured`.
 */
export async function openStore(settings: StoreSettings, options: { isShared?: boolean } = {}): Promise<ObjectStore> {
  const { to, from } = await openBothStores(settings, options)
  return from ? createMovingStore({ to, from }) : to
}

/** The same, each by itself; `from` is undefined when nothing is moved. */
export async function openBothStores(
  settings: StoreSettings,
  { isShared = false }: { isShared?: boolean } = {}
): Promise<{ to: ObjectStore; from: ObjectStore | undefined }> {
  const { storage = ON_DISK, storageFrom, storageUploads } = settings
  const open = (place: string, takesUploads: boolean) => openPlace(settings, { place, takesUploads, isShared })
  return {
    // Whoever looks at the images beside a gateway gives nobody links.
    to: await open(storage, storageUploads === 'direct' && !isShared),
    from: storageFrom === undefined ? undefined : await open(storageFrom, false)
  }
}

async function openPlace(
  { dataDir, s3Endpoint, s3PublicEndpoint, s3Region, s3ForcePathStyle }: StoreSettings,
  { place, takesUploads, isShared }: { place: string; takesUploads: boolean; isShared: boolean }
): Promise<ObjectStore> {
  if (place === ON_DISK) return openDiskStore(dataDir, { isShared })
  // Loaded where it is needed: it takes much of a second and tens of megabytes.
  const { openS3Store } = await import('./s3-store.ts')
  return openS3Store({
    ...parseS3Location(place),
    ...(s3Endpoint !== undefined && { endpoint: s3Endpoint }),
    ...(s3PublicEndpoint !== undefined && { publicEndpoint: s3PublicEndpoint }),
    takesUploads,
    ...(s3Region !== undefined && { region: s3Region }),
    ...(s3ForcePathStyle !== undefined && { forcePathStyle: s3ForcePathStyle })
  })
}
