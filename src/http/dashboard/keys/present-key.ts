import type { ApiKeyWithUser } from '../../../auth/api-key-store.ts'
import type { KeyInfo, ResponseFormat, Scope } from '../contract/keys.ts'
import { presentLimits } from '../present-limits.ts'

/** A key without its secrets. */
export function presentKey(key: ApiKeyWithUser): KeyInfo {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes.split(' ') as Scope[],
    createdAt: key.created_at,
    expiresAt: key.expires_at,
    revokedAt: key.revoked_at,
    lastUsedAt: key.last_used_at,
    limits: presentLimits(key),
    rateLimit: key.rate_limit,
    responseFormat: key.default_response_format as ResponseFormat | null,
    visibility: key.default_visibility,
    expiresIn: key.default_expires_in
  }
}
