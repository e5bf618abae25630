import { mayUseModel, type Principal } from '../../../lib/principal.ts'
import { type Model, modelsOf } from '../../../providers/list-models.ts'
import type { Hourly } from '../../../request-views/find-hourly.ts'
import type { Wait } from '../../../request-views/wait-of-held.ts'
import type { HttpContext } from '../../http-context.ts'

export type ModelsContext = Pick<HttpContext, 'offers' | 'requestViews' | 'now'>
export interface OnlineModel extends Model {
  queued: number
  /** Why what the caller asks for would wait, when nobody may begin it now. */
  wait?: Wait
  /** What the caller may have of it within an hour, where that has a limit. */
  hourly?: Hourly
}

/** The models somebody online offers this caller, each with the number of images waiting for it and why one more would rest. */
export async function listOnlineModels(
  { offers, requestViews, now }: ModelsContext,
  principal: Principal
): Promise<OnlineModel[]> {
  const queued = await requestViews.countQueuedByModel()
  const online = await offers.listOnline(principal)
  const models = modelsOf(online, { loras: await offers.listLoras(online), now: now() })
  const offered = models.filter((model) => mayUseModel(principal, model.id))
  const rests = await requestViews.findRests({ userId: principal.userId, offers: online })
  const hourlies = await requestViews.findHourly({ userId: principal.userId, offers: online })
  return offered.map((model) => {
    const wait = rests.get(model.id)
    const hourly = hourlies.get(model.id)
    return { ...model, queued: queued.get(model.id) ?? 0, ...(wait && { wait }), ...(hourly && { hourly }) }
  })
}
