import { type STORAGE, parseS3Location } from '../config/storage-settings.ts'
import type { Setting } from '../config/settings.ts'
import { openDiskStore } from './disk-store.ts'
import type { ObjectStore } from './object-store.ts'

export type StoreSettings = { dataDir: string } & {
  [K in keyof typeof STORAGE]?: (typeof STORAGE)[K] extends Setting<infer V> ? V : never
}

/**
 * Opens where the settings say that images are stored. `isShared`: another process may be writing there. Throws what opening a
 * folder does, and `StorageMisconfigured`.
 */
export async function openStore(settings: StoreSettings, { isShared = false } = {}): Promise<ObjectStore> {
  const { dataDir, storage, s3Endpoint, s3PublicEndpoint, s3Region, s3ForcePathStyle, storageUploads } = settings
  if (storage === undefined) return openDiskStore(dataDir, { isShared })
  // Loaded where it is needed: it takes much of a second and tens of megabytes.
  const { openS3Store } = await import('./s3-store.ts')
  return openS3Store({
    ...parseS3Location(storage),
    ...(s3Endpoint !== undefined && { endpoint: s3Endpoint }),
    ...(s3PublicEndpoint !== undefined && { publicEndpoint: s3PublicEndpoint }),
    // Whoever looks at the images beside a gateway gives nobody links.
    takesUploads: storageUploads === 'direct' && !isShared,
    ...(s3Region !== undefined && { region: s3Region }),
    ...(s3ForcePathStyle !== undefined && { forcePathStyle: s3ForcePathStyle })
  })
}
