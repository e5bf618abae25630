import { errors } from '../lib/errors.ts'
import { checkEmail } from './email-address.ts'
import type { Invitations } from './invitations.ts'
import { checkPassword, type Passwords } from './passwords.ts'
import type { NewPerson, PersonStore } from './person-store.ts'
import type { UserRow } from './user-store.ts'

export const MOST_NAME_CHARACTERS = 100

export interface JoinParts {
  invitations: Invitations
  persons: PersonStore
  passwords: Passwords
}

/** What somebody types to join, or to take an account over. */
export interface Credentials {
  name: string
  email: string
  password: string
}

/**
 * Uses a link up, once also when two do so at the same moment: a new account, or an account handed over. Throws
 * `invitation_invalid`, `invitation_other_email`, `invalid_request` and `conflict`.
 */
export async function acceptInvitation(parts: JoinParts, answer: Credentials & { token: string }): Promise<UserRow> {
  const invitation = await parts.invitations.getUsable(answer.token)
  const typed = await prepare(parts, answer, (email) => {
    if (invitation.email !== null && invitation.email !== email) throw errors.invitationForAnother()
  })
  const person = { ...typed, invitationId: invitation.id }
  return invitation.user_id === null
    ? parts.persons.join({ ...person, role: 'member', emailVerified: false })
    : parts.persons.claim({ ...person, userId: invitation.user_id })
}

/** A new account where registration is open. Takes as long whether or not the address is taken. Throws like above. */
export async function signUp(parts: JoinParts, credentials: Credentials): Promise<UserRow> {
  return parts.persons.join({ ...(await prepare(parts, credentials)), role: 'member', emailVerified: false })
}

async function prepare(
  { passwords }: JoinParts,
  credentials: Credentials,
  checkAddress: (email: string) => void = () => undefined
): Promise<NewPerson> {
  const name = checkName(credentials.name)
  const email = checkEmail(credentials.email)
  checkAddress(email)
  checkPassword(credentials.password)
  return { name, email, passwordHash: await passwords.hash(credentials.password) }
}

/** What somebody wants to be called, trimmed. Throws `invalid_request`. */
export function checkName(typed: string): string {
  const name = typed.trim()
  // It is printed on terminals, too.
  if (name === '' || name.length > MOST_NAME_CHARACTERS || /\p{Cc}/u.test(name)) {
    throw errors.invalidRequest(
      `'name' must have 1 to ${MOST_NAME_CHARACTERS} characters, and none for control.`,
      'name'
    )
  }
  return name
}
