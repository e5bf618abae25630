import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { LiveSetting, SettingsChange } from '../../../../../src/http/dashboard/contract/admin.ts'
import type { ClubInfo } from '../../../../../src/http/dashboard/contract/session.ts'
import { DASHBOARD, fetchJson } from '../../../lib/fetch-json.ts'
import { sessionQuery } from '../../../lib/session.ts'

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => fetchJson<LiveSetting[]>(`${DASHBOARD}/settings`, { signal })
})

/** `mayDelete`: what is no longer kept may go. Fails with what goes where that is not said: see `wouldDelete`. */
export function useChangeSettings() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ change, mayDelete }: { change: SettingsChange; mayDelete: boolean }) =>
      fetchJson<LiveSetting[]>(`${DASHBOARD}/settings`, {
        method: 'PATCH',
        json: change,
        query: { mayDelete: String(mayDelete) }
      }),
    onSuccess: (settings) => {
      client.setQueryData(settingsQuery.queryKey, settings)
      // It tells who may join, whether admins see others, and how the club is called.
      void client.invalidateQueries({ queryKey: sessionQuery.queryKey })
    }
  })
}

/** A file becomes the club's picture; null goes back to the product's own. */
export function useChangePicture() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (file: File | null) =>
      fetchJson<ClubInfo>(`${DASHBOARD}/club/picture`, file === null ? { method: 'DELETE' } : { method: 'PUT', file }),
    onSuccess: (club) => client.setQueryData(sessionQuery.queryKey, (session) => session && { ...session, club })
  })
}
