import { errors } from '../lib/errors.ts'
import { DASHBOARD_KEY_ID, type Principal, type Role, type Scope, SCOPES } from '../lib/principal.ts'

/** What each operation needs of a key. An operation that is not named here does not exist. */
export const OPERATION_SCOPES = {
  createImage: 'generate',
  editImage: 'generate',
  varyImage: 'generate',
  getJob: 'generate',
  listJobs: 'generate',
  exportJobs: 'generate',
  changeJob: 'generate',
  shareJob: 'generate',
  listShares: 'generate',
  revokeShare: 'generate',
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
  checkProvenance: 'generate',
  getModel: 'generate',
  connectAgent: 'agent',
  watchRequests: 'generate',
  searchRequests: 'generate',
  getRequest: 'generate',
  getQueue: 'generate',
  listFilters: 'generate',
  viewNetwork: 'generate',
  manageProvider: 'generate',
  listKeys: 'generate',
  createKey: 'generate',
  changeKey: 'generate',
  revokeKey: 'generate',
  readUsage: 'usage',
  readMetrics: 'admin',
  manageInvitations: 'admin',
  managePeople: 'admin',
  manageReports: 'admin',
  decideTrust: 'admin',
  manageSettings: 'admin',
  readSystem: 'admin',
  listErrors: 'admin',
  manageAccount: 'generate',
  getOverview: 'generate'
} as const satisfies Record<string, Scope>

export type Operation = keyof typeof OPERATION_SCOPES

/** What the keys of somebody of that role may be given. */
export const grantableScopes = (role: Role): readonly Scope[] =>
  SCOPES.filter((scope) => role === 'admin' || scope !== 'admin')

/** Throws `permission_denied` when somebody may not do this by the key, or the role, that they have. */
export function authorize(principal: Principal, operation: Operation): void {
  const needed = OPERATION_SCOPES[operation]
  if (principal.scopes.includes(needed)) return
  throw principal.keyId === DASHBOARD_KEY_ID ? errors.roleDenied() : errors.permissionDenied(needed)
}
