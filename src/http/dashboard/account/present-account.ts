import type { AccountView } from '../../../people/account.ts'
import type { AccountInfo } from '../contract/account.ts'
import type { Role } from '../contract/session.ts'

export const presentAccount = ({ user, linked, ...account }: AccountView): AccountInfo => ({
  id: user.id,
  name: user.name,
  email: user.email,
  role: user.role as Role,
  createdAt: user.created_at,
  visibility: user.default_visibility,
  ...account,
  linked: linked as AccountInfo['linked']
})
