import type { BatchView } from '../../../batches/batches.ts'
import { presentBatch } from '../../openai/present-batch.ts'
import type { HttpContext } from '../../http-context.ts'

type Parts = Pick<HttpContext, 'requestViews'>

/** Batches whose jobs stand as `GET /v1/jobs` shows them. */
export async function showBatches({ requestViews }: Parts, views: readonly BatchView[]) {
  const begun = views.flatMap(({ requests }) => requests.filter(({ state }) => state === 'running'))
  const held = await requestViews.findHeld(begun.map(({ id }) => id))
  return views.map((view) => presentBatch(view, held))
}

export async function showBatch(parts: Parts, view: BatchView) {
  const [shown] = await showBatches(parts, [view])
  return shown ?? presentBatch(view, new Set())
}
