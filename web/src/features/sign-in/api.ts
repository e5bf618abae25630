import { queryOptions, type QueryClient } from '@tanstack/react-query'
import type { InvitationAnswer, InvitationLook } from '../../../../src/http/dashboard/contract/session.ts'
import { clubUrl } from '../../lib/base-path.ts'
import { ApiError, DASHBOARD, fetchJson } from '../../lib/fetch-json.ts'
import { sessionQuery } from '../../lib/session.ts'

export interface Credentials {
  email: string
  password: string
}

export const signIn = ({ email, password }: Credentials) =>
  fetchJson('/api/auth/sign-in/email', { json: { email, password } })

/** Where registration is open. */
export const signUp = (person: Credentials & { name: string }) => fetchJson('/api/auth/sign-up/email', { json: person })

export const acceptInvitation = (answer: InvitationAnswer) =>
  fetchJson(`${DASHBOARD}/invitations/accept`, { json: answer })

export type Provider = 'github' | 'oidc'

export interface ProviderSignIn {
  provider: Provider
  /** A path of ours to come back to. */
  next: string
  /** The token of the link somebody joins by. */
  invitation?: string | undefined
}

/** Leaves the page for the provider's. It comes back signed in, or to the sign-in page with what went wrong. */
export async function signInWith({ provider, next, invitation }: ProviderSignIn): Promise<void> {
  const { url } = await fetchJson<{ url: string }>('/api/auth/sign-in/social', {
    json: {
      provider,
      callbackURL: clubUrl() + next,
      errorCallbackURL: `${clubUrl()}/sign-in?${new URLSearchParams({ next })}`,
      ...(invitation !== undefined && { additionalData: { invitation } })
    }
  })
  location.assign(url)
}

export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token],
    queryFn: ({ signal }) => fetchJson<InvitationLook>(`${DASHBOARD}/invitations/look`, { json: { token }, signal }),
    staleTime: Infinity
  })

/** Whether a link cannot be used, now or ever. */
export const isUseless = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 'invitation_invalid'

/** Learns who has just been signed in; what the page knew of somebody before them is forgotten. */
export async function refreshSession(client: QueryClient): Promise<void> {
  const { person } = await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
  if (!person) {
    throw new ApiError({
      status: 0,
      code: 'no_cookie',
      message: 'Your browser did not keep the cookie of this site. Allow cookies for it, then try again.'
    })
  }
  client.removeQueries({ predicate: ({ queryKey: [name] }) => name !== 'session' && name !== 'invitation' })
}
