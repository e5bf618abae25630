import type { Readable } from 'node:stream'
import type { SavedBytes, SaveLimits } from '../../assets/save-asset.ts'
import type { HttpContext } from '../http-context.ts'

/** Streams a source image or mask into the store within the limits for one: see `Assets.save`. */
export const saveUpload = (
  { assets, config }: Pick<HttpContext, 'assets' | 'config'>,
  bytes: Readable
): Promise<SavedBytes> => assets.save(bytes, uploadLimits(config))

/** What a source image or mask may be, wherever it comes from. */
export const uploadLimits = ({ limits }: HttpContext['config']): SaveLimits => ({
  maxBytes: limits.maxUploadBytes,
  maxPixels: limits.maxInputPixels,
  maxSide: limits.maxInputSide
})
