import type { ImageRequest } from '../images/image-request.ts'
import { checkPixels, fitWithin, USUAL_MULTIPLE } from '../images/sizes.ts'
import { errors } from '../lib/errors.ts'
import { mayUseModel, type Principal } from '../lib/principal.ts'

/** What engines usually make when no size is asked for. */
const USUAL_SIZE = { width: 1024, height: 1024 }

/**
 * Holds a call to the models and sizes its key and owner may use. With a pixel limit an automatic size becomes one
 * that keeps to it. Throws `permission_denied` and `invalid_size`.
 */
export function applyUseLimits(
  principal: Pick<Principal, 'limits'>,
  image: ImageRequest,
  firstInput?: { width: number; height: number }
): void {
  if (!mayUseModel(principal, image.model)) throw errors.modelNotAllowed(image.model)
  const { key, user } = principal.limits
  const maxPixels = Math.min(key.maxPixels ?? Infinity, user.maxPixels ?? Infinity)
  if (maxPixels === Infinity) return
  const { parameters } = image
  if (parameters.size && !parameters.size_unasked) return checkPixels(parameters.size, maxPixels)
  parameters.size = fitWithin(firstInput ?? USUAL_SIZE, { maxPixels, multipleOf: USUAL_MULTIPLE })
  parameters.size_unasked = true
}
