import { DASHBOARD, fetchJson } from './fetch-json.ts'

/** For those who want to know that a request is about to go. */
export const removalKey = (id: string) => ['delete-request', id]

/** Takes its images along. Throws `ApiError`. */
export const deleteRequest = (id: string) =>
  fetchJson<unknown>(`${DASHBOARD}/jobs/${encodeURIComponent(id)}`, { method: 'DELETE' })
