import { IMAGE_PATHS } from '../../../lib/image-paths.ts'
import { FIELDS } from '../../../../../src/images/fields.ts'
import type { RequestDetail } from '../../../../../src/http/dashboard/contract/requests.ts'
import { chosenVisibility } from '../../../lib/visibility-words.ts'

/**
 * The call that makes the same images again: with the inputs that are stored and, where it means something to the model, the
 * seed that was drawn. They are for the same people, and for as long.
 */
export function repeatCall(
  request: RequestDetail,
  { takesSeed }: { takesSeed: boolean }
): { path: string; body: Record<string, unknown> } {
  const { kind, model, prompt, inputs, mask, parameters, expiresIn } = request
  const visibility = chosenVisibility(request.visibility)
  const { n, size, ...others } = parameters
  return {
    path: `/v1${IMAGE_PATHS[kind]}`,
    body: {
      model,
      ...(prompt !== '' && { prompt }),
      ...(inputs.length > 0 && { images: inputs.map(({ id }) => ({ file_id: id })) }),
      ...(mask && { mask: { file_id: mask.id } }),
      ...(n !== FIELDS.n.default && { n }),
      ...(size !== FIELDS.size.default && { size }),
      ...(takesSeed && drawnSeed(request)),
      ...others,
      ...(visibility !== '' && { visibility }),
      ...(expiresIn !== null && { expires_in: expiresIn })
    }
  }
}

/** Image i was made with seed + i. */
function drawnSeed({ images: [first] }: RequestDetail): { seed?: number } {
  const seed = (first?.seed ?? -1) - (first?.position ?? 0)
  return seed >= 0 ? { seed } : {}
}
