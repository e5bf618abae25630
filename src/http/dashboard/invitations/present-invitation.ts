import type { InvitationWithPeople } from '../../../people/invitation-store.ts'
import type { Role } from '../../../lib/principal.ts'
import type { Invitation } from '../contract/session.ts'

export const presentInvitation = (invitation: InvitationWithPeople, now: number): Invitation => ({
  id: invitation.id,
  kind: invitation.user_id === null ? 'join' : 'claim',
  state: stateOf(invitation, now),
  email: invitation.owner_email ?? invitation.email,
  role: (invitation.owner_role ?? invitation.role) as Role,
  invitedBy: invitation.inviter_name,
  createdAt: invitation.created_at,
  expiresAt: invitation.expires_at,
  usedAt: invitation.used_at,
  usedBy: invitation.used_by_name
})

function stateOf(invitation: InvitationWithPeople, now: number): Invitation['state'] {
  if (invitation.used_at !== null) return 'used'
  if (invitation.revoked_at !== null) return 'revoked'
  return invitation.expires_at <= now ? 'expired' : 'open'
}
