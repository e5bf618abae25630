import { toUnixSeconds } from '../../lib/clock.ts'
import { agreedOn, sumUsage } from '../../images/image-report.ts'
import { formatOfMediaType, type ImageMediaType } from '../../images/media-types.ts'
import { formatSize } from '../../images/sizes.ts'
import type { Outcome } from '../../request-views/outcome-store.ts'
import type { ImageUrl } from '../image-url.ts'

export type PresentedImages = ReturnType<typeof presentImages>

/**
 * The answer of OpenAI's images API for a request that has at least one image, with the members of this product added.
 * What image servers said of their images is told where it holds for all of them: quality and background they agree on,
 * and the sum of their usage, to which each image's own call counts once.
 * `base64Of` is asked for what stands for the bytes of an asset only when the caller wants them inline; without `imageUrl` the URLs are
 * left out, for clients that fetch any URL they see.
 */
export function presentImages(
  view: Outcome,
  options: {
    imageUrl?: ImageUrl
    base64Of?: (asset: Outcome['outputs'][number]) => string
  }
) {
  const data = []
  for (const asset of view.outputs) {
    const { revised_prompt } = view.reports.get(asset.id) ?? {}
    data.push({
      ...(options.imageUrl && { url: options.imageUrl(asset, view.request) }),
      ...(options.base64Of && { b64_json: options.base64Of(asset) }),
      asset_id: asset.id,
      seed: asset.seed,
      ...(revised_prompt !== undefined && { revised_prompt })
    })
  }
  const first = view.outputs[0]
  if (!first) throw new Error(`request ${view.request.id} has no image to present`)
  const reports = view.outputs.map((asset) => view.reports.get(asset.id))
  const quality = agreedOn(reports.map((report) => report?.quality))
  const background = agreedOn(reports.map((report) => report?.background))
  const usage = sumUsage(reports.map((report) => report?.usage))
  return {
    created: toUnixSeconds(view.request.finished_at ?? view.request.created_at),
    request_id: view.request.id,
    data,
    size: formatSize(first),
    output_format: formatOfMediaType(first.media_type as ImageMediaType),
    ...(quality && { quality }),
    ...(background && { background }),
    ...(usage && { usage }),
    ...(view.warnings.length > 0 && { warnings: view.warnings })
  }
}
