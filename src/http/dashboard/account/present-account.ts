import { DAY_MS } from '../../../lib/durations.ts'
import type { AccountView } from '../../../people/account.ts'
import { dayOf, monthOf } from '../../../usage/reserve-images.ts'
import type { HttpContext } from '../../http-context.ts'
import type { AccountInfo } from '../contract/account.ts'
import type { Role } from '../contract/session.ts'
import { presentLimits } from '../present-limits.ts'

export type AccountContext = Pick<HttpContext, 'people' | 'config' | 'usage' | 'requestViews' | 'now'>

export async function presentAccount(
  context: AccountContext,
  { user, linked, ...account }: AccountView
): Promise<AccountInfo> {
  const { retentionMs, retentionBytes, adminsLook } = context.config.limits
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    role: user.role as Role,
    createdAt: user.created_at,
    visibility: user.default_visibility,
    keepDays: user.keep_ms === null ? null : user.keep_ms / DAY_MS,
    keepBytes: user.keep_bytes,
    adminsLook,
    clubKeeps: { ms: retentionMs || null, bytes: retentionBytes || null },
    limits: presentLimits(user),
    images: await countImages(context, user.id),
    ...account,
    linked: linked as AccountInfo['linked']
  }
}

async function countImages(
  { usage, requestViews, now }: AccountContext,
  userId: string
): Promise<AccountInfo['images']> {
  const { start, end } = dayOf(now())
  const since = async (from: number) =>
    (await usage.sumByUser({ start: from, end, userIds: [userId] })).get(userId) ?? 0
  const { queued, running } = await requestViews.countUnfinished({ userId })
  return {
    total: await since(0),
    today: await since(start),
    thisMonth: await since(monthOf(now()).start),
    onTheWay: queued + running
  }
}
