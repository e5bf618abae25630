import type { KeyChange, NewApiKey } from '../../../auth/api-keys.ts'
import { grantableScopes } from '../../../auth/permissions.ts'
import { LATEST_TIME, MAX_COUNT } from '../../../lib/bounds.ts'
import { errors } from '../../../lib/errors.ts'
import { type Principal, RESPONSE_DEFAULTS, type Scope } from '../../../lib/principal.ts'
import { VISIBILITIES } from '../../../lib/visibility.ts'
import { jsonObject } from '../../json-object.ts'
import { Fields } from '../../openai/fields.ts'
import { readLifetime } from '../../openai/read-field.ts'
import { parseLimits } from '../parse-limits.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'

const MOST_NAME_CHARACTERS = 100

/**
 * The body of `POST /api/dashboard/keys`. A key may do what the role of its holder allows; only admins give one more
 * requests per minute than the server is configured to give, or any number (`0`).
 * Throws `invalid_request` with the name of the field, of a limit as `limits.<name>`.
 */
export function parseNewKey(
  body: unknown,
  { principal, now, perMinute }: { principal: Principal; now: number; perMinute: number }
): NewApiKey {
  const fields = new Fields(jsonObject(body))
  const name = fields.text('name', MOST_NAME_CHARACTERS)?.trim()
  if (!name) throw errors.invalidRequest("'name' is required: say what the key is for.", 'name')
  // It is printed on terminals, too.
  if (/\p{Cc}/u.test(name)) throw errors.invalidRequest("'name' must not hold control characters.", 'name')
  const expiresAt = fields.integer('expiresAt', { min: 0, max: LATEST_TIME })
  if (expiresAt !== undefined && expiresAt <= now) {
    throw errors.invalidRequest("'expiresAt' must be in the future, in UTC milliseconds.", 'expiresAt')
  }
  const rateLimit = fields.integer('rateLimit', rateRange(principal, perMinute))
  const responseDefault = fields.choice('responseFormat', RESPONSE_DEFAULTS)
  const visibilityDefault = fields.choice('visibility', VISIBILITIES)
  const replacesUnused = fields.boolean('replacesUnused')
  const expiresInDefault = readLifetime(fields, 'expiresIn')
  const key = {
    userId: principal.userId,
    name,
    scopes: parseScopes(fields.value('scopes'), grantableScopes(principal.role)),
    limits: parseLimits(fields.value('limits')),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(rateLimit !== undefined && { rateLimit }),
    ...(responseDefault && { responseDefault }),
    ...(visibilityDefault && { visibilityDefault }),
    ...(replacesUnused === true && { replacesUnused }),
    ...(expiresInDefault !== undefined && { expiresInDefault })
  }
  refuseUnknown(fields)
  return key
}

/**
 * The body of `PATCH /api/dashboard/keys/<id>`: all limits of a key, with the same bounds as of a new one. Without
 * `rateLimit`, null included, it is as configured; a rate that an admin gave may stay though its holder could not give it.
 * Without `visibility` or `expiresIn` that stays; null is as its owner says, and kept.
 */
export function parseKeyChange(
  body: unknown,
  { principal, perMinute, present }: { principal: Principal; perMinute: number; present: number | null }
): KeyChange {
  const values = jsonObject(body)
  const fields = new Fields(values)
  const limits = parseLimits(fields.value('limits'))
  const isKept = present !== null && fields.integer('rateLimit', { min: 0, max: MAX_COUNT }) === present
  const rateLimit = isKept ? present : (fields.integer('rateLimit', rateRange(principal, perMinute)) ?? null)
  const visibility = fields.choice('visibility', VISIBILITIES)
  const expiresIn = readLifetime(fields, 'expiresIn')
  refuseUnknown(fields)
  return {
    limits,
    rateLimit,
    ...('visibility' in values && { visibilityDefault: visibility ?? null }),
    ...('expiresIn' in values && { expiresInDefault: expiresIn ?? null })
  }
}

const rateRange = ({ role }: Principal, perMinute: number): { min: number; max?: number } =>
  role === 'admin'
    ? { min: 0, max: MAX_COUNT }
    : perMinute === 0
      ? { min: 1, max: MAX_COUNT }
      : { min: 1, max: perMinute }

function parseScopes(value: unknown, allowed: readonly Scope[]): Scope[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw errors.invalidRequest(`'scopes' must be a list of at least one of ${allowed.join(', ')}.`, 'scopes')
  }
  const unknown = value.find((scope) => !allowed.includes(scope as Scope))
  if (unknown !== undefined) {
    throw errors.invalidRequest(`'scopes' may hold ${allowed.join(', ')}, not ${JSON.stringify(unknown)}.`, 'scopes')
  }
  return [...new Set(value as Scope[])]
}
