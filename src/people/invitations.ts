import { createHash } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { errors } from '../lib/errors.ts'
import { newId, newSecret } from '../lib/ids.ts'
import type { Role } from '../lib/principal.ts'
import { checkEmail, isEmailAddress } from './email-address.ts'
import type { InvitationStore, InvitationWithPeople } from './invitation-store.ts'
import type { UserStore } from './user-store.ts'

const MOST_LISTED = 500

/** What a link is for, as the page behind it shows it before anything is typed. */
export interface InvitationLook {
  /** `claim` hands an account over, `join` makes a new one. */
  kind: 'claim' | 'join'
  /** The address of the account, or the one the newcomer must have; null: any. */
  email: string | null
  name: string | null
  role: Role
  /** Null: it was made on the server itself. */
  invitedBy: string | null
  expiresAt: number
}

export interface CreatedInvitation {
  id: string
  /** Shown here and never again: only its hash is stored. */
  token: string
  expiresAt: number
}

export interface Invitations {
  /** Invites somebody new. Throws `invalid_request`, and `conflict` when they are here already. */
  invite(invitation: { email?: string | undefined; role: Role; createdBy: string | null }): Promise<CreatedInvitation>
  /** A link that hands an account over, to its first owner or to one without a password; older ones end. */
  offerAccount(account: { userId: string; createdBy: string | null }): Promise<CreatedInvitation>
  /** The newest 500 invitations, newest first; used and revoked ones are among them. */
  list(): Promise<InvitationWithPeople[]>
  /** Ends an invitation. False when there is none of that id which can still be used. */
  revoke(id: string): Promise<boolean>
  /** What a link is for; it stays unused. Throws `invitation_invalid`. */
  look(token: string): Promise<InvitationLook>
  /** The row of the invitation of a link that can be used now. Throws `invitation_invalid`. */
  getUsable(token: string): Promise<InvitationWithPeople>
}

/** Where a link leads: its token is in the fragment, which browsers send to nobody. */
export const invitationUrl = (base: string, { token }: Pick<CreatedInvitation, 'token'>): string =>
  `${base}/join#${token}`

export function createInvitations(parts: {
  store: InvitationStore
  users: UserStore
  clock: Clock
  /** Asked for each new one. */
  lifetimeMs: () => number
}): Invitations {
  const { store, users, clock, lifetimeMs } = parts

  const newRow = (row: { email: string | null; role: Role; createdBy: string | null }) => {
    const created_at = clock.now()
    const created: CreatedInvitation = { id: newId('inv'), token: newSecret(''), expiresAt: created_at + lifetimeMs() }
    const columns = {
      id: created.id,
      token_hash: hashOf(created.token),
      user_id: null,
      email: row.email,
      role: row.role,
      created_by: row.createdBy,
      created_at,
      expires_at: created.expiresAt
    }
    return { created, columns }
  }

  const getUsable = async (token: string) => {
    const invitation = await store.findByTokenHash(hashOf(token))
    const problem = problemOf(invitation, clock.now())
    if (!invitation || problem !== undefined) throw errors.invitationInvalid(problem)
    return invitation
  }

  return {
    invite: async ({ email, role, createdBy }) => {
      const address = email === undefined ? null : checkEmail(email)
      if (address !== null && (await users.findUserByEmail(address))) throw errors.alreadyHere()
      const { created, columns } = newRow({ email: address, role, createdBy })
      await store.insert(columns)
      return created
    },
    offerAccount: async ({ userId, createdBy }) => {
      const { created, columns } = newRow({ email: null, role: 'member', createdBy })
      await store.insertClaim({ ...columns, user_id: userId })
      return created
    },
    list: () => store.list(MOST_LISTED),
    revoke: (id) => store.revoke(id),
    look: async (token) => presentLook(await getUsable(token)),
    getUsable
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** Why an invitation cannot be used any more; undefined when it can. */
function problemOf(invitation: InvitationWithPeople | undefined, now: number): string | undefined {
  if (!invitation || invitation.revoked_at !== null || invitation.owner_disabled_at !== null) {
    return 'This link is not valid, or not any more.'
  }
  if (invitation.used_at !== null) return 'This link has been used already.'
  return invitation.expires_at <= now ? 'This link has expired.' : undefined
}

const presentLook = (invitation: InvitationWithPeople): InvitationLook => ({
  kind: invitation.user_id === null ? 'join' : 'claim',
  // The first admin's is no address yet.
  email: [invitation.owner_email, invitation.email].find((email) => email !== null && isEmailAddress(email)) ?? null,
  name: invitation.owner_name,
  role: (invitation.owner_role ?? invitation.role) as Role,
  invitedBy: invitation.inviter_name,
  expiresAt: invitation.expires_at
})
