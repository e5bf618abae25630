import type { InvitationLook } from '../../../../src/http/dashboard/contract/session.ts'
import { isEmailAddress } from './check-credentials.ts'

export interface JoinTexts {
  title: string
  description: string
  submit: string
  passwordLabel: string
  /** What the form begins with. */
  name?: string | undefined
  email?: string | undefined
  emailFixed: boolean
}

/** What a link is for, to whom it was sent. */
export function joinTexts({ kind, name, email, invitedBy, role }: InvitationLook, clubName: string): JoinTexts {
  if (kind === 'join') {
    const as = role === 'admin' ? 'an admin' : 'a member'
    return {
      title: `Join ${clubName}`,
      description: invitedBy === null ? `You are invited as ${as}.` : `${invitedBy} invites you as ${as}.`,
      submit: 'Join',
      passwordLabel: 'Password',
      email: email ?? undefined,
      emailFixed: email !== null
    }
  }
  // The account that a new installation begins with has an address that nobody can sign in with.
  if (email === null || !isEmailAddress(email)) {
    return {
      title: 'This installation is yours',
      description: 'Set your name, e-mail address and password. You sign in with them, and you are its admin.',
      submit: 'Take it over',
      passwordLabel: 'Password',
      emailFixed: false
    }
  }
  return {
    title: 'Set a new password',
    description: `For ${name ?? email}. Where you are signed in now, you have to sign in again; API keys go on working.`,
    submit: 'Set password',
    passwordLabel: 'New password',
    name: name ?? undefined,
    email,
    emailFixed: false
  }
}
