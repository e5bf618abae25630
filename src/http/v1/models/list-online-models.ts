import type { Principal } from '../../../lib/principal.ts'
import { type Model, modelsOf } from '../../../providers/list-models.ts'
import { mayUseModel } from '../../../usage/apply-use-limits.ts'
import type { HttpContext } from '../../http-context.ts'

export type ModelsContext = Pick<HttpContext, 'offers' | 'requestViews'>
export type OnlineModel = Model & { queued: number }

/** The models somebody online offers this caller, each with the number of images waiting for it. */
export async function listOnlineModels(
  { offers, requestViews }: ModelsContext,
  principal: Principal
): Promise<OnlineModel[]> {
  const queued = await requestViews.countQueuedByModel()
  const online = await offers.listOnline(principal)
  const offered = modelsOf(online, await offers.listLoras(online)).filter((model) => mayUseModel(principal, model.id))
  return offered.map((model) => ({ ...model, queued: queued.get(model.id) ?? 0 }))
}
