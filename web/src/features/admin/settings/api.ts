import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { LiveSetting, SettingsChange } from '../../../../../src/http/dashboard/contract/admin.ts'
import { DASHBOARD, fetchJson } from '../../../lib/fetch-json.ts'
import { sessionQuery } from '../../../lib/session.ts'

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => fetchJson<LiveSetting[]>(`${DASHBOARD}/settings`, { signal })
})

export function useChangeSettings() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: SettingsChange) =>
      fetchJson<LiveSetting[]>(`${DASHBOARD}/settings`, { method: 'PATCH', json: change }),
    onSuccess: (settings) => {
      client.setQueryData(settingsQuery.queryKey, settings)
      // It tells who may join.
      void client.invalidateQueries({ queryKey: sessionQuery.queryKey })
    }
  })
}
