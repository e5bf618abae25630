import type { RequestKind } from '../../../src/http/dashboard/contract/requests.ts'

/** Where images are asked for: below `/v1` with a key, below the dashboard's own endpoints with a session. */
export const IMAGE_PATHS: Record<RequestKind, string> = {
  generation: '/images/generations',
  edit: '/images/edits',
  variation: '/images/variations'
}
