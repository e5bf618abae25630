import type { Limits } from '../../../config/config.ts'
import { DAY_MS } from '../../../lib/durations.ts'
import type { AccountView } from '../../../people/account.ts'
import type { AccountInfo } from '../contract/account.ts'
import type { Role } from '../contract/session.ts'

export const presentAccount = (
  { user, linked, ...account }: AccountView,
  { retentionMs, retentionBytes, adminsLook }: Pick<Limits, 'retentionMs' | 'retentionBytes' | 'adminsLook'>
): AccountInfo => ({
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
  ...account,
  linked: linked as AccountInfo['linked']
})
