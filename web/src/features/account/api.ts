import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { AccountInfo } from '../../../../src/http/dashboard/contract/account.ts'
import { tellError } from '../../components/ui/toaster.tsx'
import { ACCOUNT, accountQuery } from '../../lib/account.ts'
import { basePath, clubUrl } from '../../lib/base-path.ts'
import { DASHBOARD, fetchJson, messageOf } from '../../lib/fetch-json.ts'
import { sessionQuery } from '../../lib/session.ts'

export const exportUrl = `${basePath}${DASHBOARD}/export`

export type LinkedProvider = AccountInfo['linked'][number]['provider']

export function useRename() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (name: string) => fetchJson<AccountInfo>(ACCOUNT, { method: 'PATCH', json: { name } }),
    onSuccess: (account) => {
      client.setQueryData(accountQuery.queryKey, account)
      return client.invalidateQueries({ queryKey: sessionQuery.queryKey })
    }
  })
}

/** What somebody says of all that they make; null: as the club has it. */
export type AccountDefaults = Partial<Pick<AccountInfo, 'visibility' | 'keepDays' | 'keepBytes'>>

export function useChangeDefaults() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (defaults: Pick<AccountDefaults, 'visibility'>) =>
      fetchJson<AccountInfo>(ACCOUNT, { method: 'PATCH', json: defaults }),
    onSuccess: (account) => client.setQueryData(accountQuery.queryKey, account),
    onError: (error) => tellError('It was not changed', messageOf(error))
  })
}

/** How much is kept; `mayDelete`: what no longer is may go. Fails with what goes where that is not said: see `wouldDelete`. */
export function useChangeKeeping() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ mayDelete, ...keeping }: Pick<AccountDefaults, 'keepDays' | 'keepBytes'> & { mayDelete: boolean }) =>
      fetchJson<AccountInfo>(ACCOUNT, { method: 'PATCH', json: keeping, query: { mayDelete: String(mayDelete) } }),
    onSuccess: (account) => client.setQueryData(accountQuery.queryKey, account)
  })
}

export interface PasswordChange {
  currentPassword: string
  newPassword: string
  /** Signs out everywhere else. */
  revokeOtherSessions: boolean
}

export function useChangePassword() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: PasswordChange) => fetchJson('/api/auth/change-password', { json: change }),
    onSuccess: () => client.invalidateQueries({ queryKey: accountQuery.queryKey })
  })
}

/** Ends one session by its id, or all but this one. */
export function useEndSessions() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (which: { id: string } | 'others') =>
      which === 'others'
        ? fetchJson(`${ACCOUNT}/sessions/end-others`, { method: 'POST' })
        : fetchJson(`${ACCOUNT}/sessions/${encodeURIComponent(which.id)}`, { method: 'DELETE' }),
    onError: (error) => tellError('Not signed out there', messageOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: accountQuery.queryKey })
  })
}

/** Leaves the page for the provider's; it comes back here, with `?error=` when it did not work. */
export async function linkProvider(provider: LinkedProvider): Promise<void> {
  const back = `${clubUrl()}/account`
  const { url } = await fetchJson<{ url: string }>('/api/auth/link-social', {
    json: { provider, callbackURL: back, errorCallbackURL: back }
  })
  location.assign(url)
}

export function useUnlinkProvider() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (provider: LinkedProvider) => {
      const accounts = await fetchJson<{ id: string; providerId: string }[]>('/api/auth/list-accounts')
      const account = accounts.find(({ providerId }) => providerId === provider)
      if (account) await fetchJson('/api/auth/unlink-account', { json: { accountId: account.id } })
    },
    onSettled: () => client.invalidateQueries({ queryKey: accountQuery.queryKey })
  })
}

export const deleteAccount = (email: string) => fetchJson(ACCOUNT, { method: 'DELETE', json: { email } })
