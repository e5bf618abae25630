import { errors } from '../lib/errors.ts'
import type { Principal, Scope } from '../lib/principal.ts'

/** What each operation needs of a key. An operation that is not named here does not exist. */
export const OPERATION_SCOPES = {
  createImage: 'generate',
  editImage: 'generate',
  varyImage: 'generate',
  getJob: 'generate',
  listJobs: 'generate',
  cancelJob: 'generate',
  retryJob: 'generate',
  deleteJob: 'generate',
  createBatch: 'generate',
  listBatches: 'generate',
  getBatch: 'generate',
  cancelBatch: 'generate',
  listWebhookDeliveries: 'generate',
  redeliverWebhook: 'generate',
  listModels: 'generate',
  getModel: 'generate',
  connectAgent: 'agent',
  readUsage: 'usage',
  readMetrics: 'admin'
} as const satisfies Record<string, Scope>

export type Operation = keyof typeof OPERATION_SCOPES

/** Throws `permission_denied`. */
export function authorize(principal: Principal, operation: Operation): void {
  const needed = OPERATION_SCOPES[operation]
  if (!principal.scopes.includes(needed)) throw errors.permissionDenied(needed)
}
