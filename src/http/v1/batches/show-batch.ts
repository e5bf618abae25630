import type { BatchView } from '../../../batches/batches.ts'
import { presentBatch } from '../../openai/present-batch.ts'
import type { HttpContext } from '../../http-context.ts'

/** A batch whose jobs stand as `GET /v1/jobs` shows them. */
export const showBatch = async ({ requestViews }: Pick<HttpContext, 'requestViews'>, view: BatchView) => {
  const begun = view.requests.filter(({ state }) => state === 'running')
  return presentBatch(view, await requestViews.findHeld(begun.map(({ id }) => id)))
}
