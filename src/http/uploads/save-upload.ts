import type { Readable } from 'node:stream'
import type { SavedBytes } from '../../assets/save-asset.ts'
import type { HttpContext } from '../http-context.ts'

/** Streams a source image or mask into the store within the limits for one: see `Assets.save`. */
export const saveUpload = (
  { assets, config }: Pick<HttpContext, 'assets' | 'config'>,
  { bytes, declaredType }: { bytes: Readable; declaredType: string }
): Promise<SavedBytes> =>
  assets.save(bytes, {
    declaredType,
    maxBytes: config.limits.maxUploadBytes,
    maxPixels: config.limits.maxInputPixels,
    maxSide: config.limits.maxInputSide
  })
