import { queryOptions } from '@tanstack/react-query'
import type { ModelInfo } from '../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD, fetchJson } from './fetch-json.ts'

/** Providers come and go without an event of their own; as often as the machines are asked for. */
const MODELS_EVERY_MS = 5000

/** The models that are online. */
export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async ({ signal }) => (await fetchJson<{ data: ModelInfo[] }>(`${DASHBOARD}/models`, { signal })).data,
  refetchInterval: MODELS_EVERY_MS
})
