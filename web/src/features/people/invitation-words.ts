import type { Invitation } from '../../../../src/http/dashboard/contract/session.ts'

/** Whom an invitation is for, and, where that is not to join, for what. */
export function invitationTitle({ kind, email }: Pick<Invitation, 'kind' | 'email'>): string {
  if (kind === 'claim') return `New password for ${email ?? 'an account'}`
  return email ?? 'Whoever has the link'
}
