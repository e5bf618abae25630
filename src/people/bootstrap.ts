import { FIRST_KEY_NAME } from '../auth/server-keys.ts'
import { SCOPES } from '../lib/principal.ts'
import type { ApiKeys, CreatedApiKey } from '../auth/api-keys.ts'
import type { UserRow, UserStore } from './user-store.ts'

export const BOOTSTRAP_EMAIL = 'admin@localhost'

/**
 * Makes sure that there was a first admin, and on the first start a key of theirs. Returns the key only when it
 * was made now; afterwards nobody can tell its secrets any more. No admin is returned where all are shut out: another one
 * would be an account that nobody asked for, whose link whoever reads the terminal takes.
 */
export async function bootstrapAdmin(parts: {
  users: UserStore
  apiKeys: ApiKeys
  secret: string | undefined
}): Promise<{ admin?: UserRow; newKey?: CreatedApiKey }> {
  const first = await parts.users.findFirstAdmin()
  if (!first && (await parts.users.listUsers()).some(({ role }) => role === 'admin')) return {}
  const admin =
    first ??
    (await parts.users.addUser({ email: BOOTSTRAP_EMAIL, name: 'Admin', role: 'admin', emailVerified: false })) ??
    (await parts.users.findUserByEmail(BOOTSTRAP_EMAIL))
  if (!admin) throw new Error('The bootstrap admin could not be made.')
  const newKey = await parts.apiKeys.createFirst({
    userId: admin.id,
    name: FIRST_KEY_NAME,
    scopes: SCOPES,
    ...(parts.secret !== undefined && { secret: parts.secret })
  })
  return { admin, ...(newKey && { newKey }) }
}
