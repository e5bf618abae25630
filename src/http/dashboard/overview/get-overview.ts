import type { FastifyInstance } from 'fastify'
import type { Principal } from '../../../lib/principal.ts'
import { DEMO_KEY_NAME, FIRST_KEY_NAME } from '../../../auth/server-keys.ts'
import { dayOf, monthOf } from '../../../usage/reserve-images.ts'
import type { HttpContext } from '../../http-context.ts'
import { listOnlineModels } from '../../v1/models/list-online-models.ts'
import type { Overview } from '../contract/account.ts'
import { presentSummaries } from '../requests/present-request.ts'

const LATEST = 12

type OverviewContext = Pick<
  HttpContext,
  'requestViews' | 'providers' | 'offers' | 'usage' | 'apiKeys' | 'network' | 'people' | 'now'
>

/** `GET /api/dashboard/overview`: the page after signing in. */
export function getOverview(scope: FastifyInstance, context: OverviewContext): void {
  const { requestViews, providers } = context
  scope.get('/overview', { config: { operation: 'getOverview' } }, async ({ principal }): Promise<Overview> => {
    const { userId } = principal
    const all = await requestViews.countUnfinished()
    const mine = await requestViews.countUnfinished({ userId })
    const models = await listOnlineModels(context, principal)
    const myImages = await countImages(context, principal)
    const hasProvider = await providers.hasMachine(userId)
    return {
      queue: {
        waiting: all.queued,
        running: all.running,
        mine: mine.queued + mine.running
      },
      machines: await context.network.countMachines(principal),
      providersPending: principal.role === 'admin' ? await context.network.countPending() : 0,
      models: models.filter((model) => model.providers > 0).length,
      myImages,
      latest: await listLatest(context, userId),
      given: hasProvider ? await countGiven(context, userId) : null,
      todo: {
        hasKey: await hasKey(context, userId),
        hasProvider,
        hasImage: myImages.total > 0,
        hasFriend: principal.role === 'admin' ? await context.people.hasOthers(userId) : null
      }
    }
  })
}

async function countImages({ usage, now }: OverviewContext, { userId }: Principal): Promise<Overview['myImages']> {
  const { start, end } = dayOf(now())
  const since = async (from: number) =>
    (await usage.sumByUser({ start: from, end, userIds: [userId] })).get(userId) ?? 0
  return { total: await since(0), today: await since(start) }
}

async function listLatest({ requestViews }: OverviewContext, userId: string): Promise<Overview['latest']> {
  const { views, outlooks } = await requestViews.search({ userId, limit: LATEST })
  return presentSummaries(views, { names: await requestViews.namesOf([userId]), outlooks })
}

async function countGiven({ usage, now }: OverviewContext, ownerId: string): Promise<Overview['given']> {
  const { total, since } = await usage.countGiven({ ownerId, since: monthOf(now()).start })
  return { total, thisMonth: since }
}

/** Of keys that count: one that the reader made, or used; those that the server made by itself are nobody's doing. */
async function hasKey({ apiKeys, now }: OverviewContext, userId: string): Promise<boolean> {
  const keys = await apiKeys.list({ userId })
  return keys.some(
    ({ name, revoked_at, expires_at, last_used_at }) =>
      revoked_at === null &&
      (expires_at === null || expires_at > now()) &&
      name !== DEMO_KEY_NAME &&
      (name !== FIRST_KEY_NAME || last_used_at !== null)
  )
}
