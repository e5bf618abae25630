import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Bell } from '../db/bell.ts'
import { LATEST_TIME } from '../lib/bounds.ts'
import { type Clock, toIsoSecond } from '../lib/clock.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import { errors } from '../lib/errors.ts'
import { newId, newSecret, newWebhookSecret } from '../lib/ids.ts'
import type { Principal, ResponseDefault, Role, Scope, UseLimits } from '../lib/principal.ts'
import type { Visibility } from '../lib/visibility.ts'
import type { ApiKeyStore, ApiKeyWithUser } from './api-key-store.ts'
import { grantableScopes } from './permissions.ts'
import { fromColumns, toColumns } from './use-limits.ts'

export const KEY_PREFIX = 'ic_'
export const DEFAULT_SCOPES: readonly Scope[] = ['generate', 'agent']
const VISIBLE_CHARACTERS = 10
const KEYS_REMEMBERED = 10_000

export interface ApiKeys {
  /**
   * Who holds this key. Warm keys cost no database read; a revocation counts as soon as the bell rings, which is
   * well within a second also when another process wrote it. Throws `invalid_api_key`.
   */
  authenticate(secret: string | undefined): Promise<Principal>
  /** Whether a key was good a moment ago, told without a database read. */
  isWarm(secret: string | undefined): boolean
  /** Whether a key that was accepted before still counts: for connections that stay open. */
  stillCounts(keyId: string): Promise<boolean>
  /**
   * Why a key by which an agent is connected counts no more, as a sentence with the time, for its holder; undefined while it
   * counts, and then it is in use.
   */
  findEnd(keyId: string): Promise<string | undefined>
  /**
   * The secret is returned here and never again: only its hash is stored. The webhook secret is told only here too; it
   * is stored as it is, because it signs. Throws `conflict` when the user has `most` keys already, counting those that
   * were made within a day, so that making and revoking them comes to an end, too.
   */
  create(key: NewApiKey, most?: number): Promise<CreatedApiKey>
  /** The same for the first key of an installation; undefined when it has one, whoever made it at the same time. */
  createFirst(key: NewApiKey): Promise<CreatedApiKey | undefined>
  /**
   * Gives a key of somebody other limits and defaults; what is not named stays. They count from the next call on. False when
   * they have no such key that is not revoked.
   */
  change(key: { id: string; userId: string }, change: KeyChange): Promise<boolean>
  /** Ends a key for good, and at once. False when there is none of that id that is not revoked. */
  revoke(id: string): Promise<boolean>
  list(filter?: { userId?: string }): Promise<ApiKeyWithUser[]>
  find(id: string): Promise<ApiKeyWithUser | undefined>
  /** Makes a fresh key in place of all others of that user and name, for programs that start with the gateway. */
  replace(key: NewApiKey): Promise<CreatedApiKey>
  /** Writes down when keys were last used. */
  flushLastUsed(): Promise<void>
  close(): void
}

/** What a key is given anew; what is absent stays. */
export interface KeyChange {
  /** All of them. */
  limits?: UseLimits
  /** Requests per minute; null: as configured. */
  rateLimit?: number | null
  /** Null: as its owner says. */
  visibilityDefault?: Visibility | null
  /** Null: they are kept. */
  expiresInDefault?: number | null
}

export interface CreatedApiKey {
  id: string
  secret: string
  prefix: string
  /** Signs the webhooks of requests made with this key: `whsec_…`. */
  webhookSecret: string
}

export interface NewApiKey {
  userId: string
  name: string
  scopes?: readonly Scope[]
  /** UTC milliseconds, `LATEST_TIME` at most. */
  expiresAt?: number
  limits?: UseLimits
  /** Requests per minute. */
  rateLimit?: number
  responseDefault?: ResponseDefault
  visibilityDefault?: Visibility
  /** Seconds for which its requests are kept where they do not say it: see `lib/lifetimes.ts`. */
  expiresInDefault?: number
  /** A secret chosen by the operator instead of a random one. */
  secret?: string
  /** It takes the place of those of its holder that are like it in name, scopes and limits and were never used: they are revoked. */
  replacesUnused?: boolean
}

/** Of a key by which an agent stays connected. */
const USE_WRITTEN_EVERY_MS = MINUTE_MS

const hashSecret = (secret: string): string => hash('sha256', secret)

export function createApiKeys(parts: { store: ApiKeyStore; clock: Clock; bell: Bell }): ApiKeys {
  const { store, clock, bell } = parts
  const known = new LRUCache<string, ApiKeyWithUser>({ max: KEYS_REMEMBERED })
  const lastUsed = new Map<string, number>()
  let rung = 0
  const forget = bell.on('keys', () => {
    rung += 1
    known.clear()
  })
  const read = async (hash: string) => {
    const before = rung
    const row = await store.findKeyByHash(hash)
    // A row read before the bell and remembered after it would outlive its revocation.
    if (row && rung === before) known.set(hash, row)
    return row
  }

  const build = (key: NewApiKey): { row: Parameters<ApiKeyStore['insertKey']>[0]; created: CreatedApiKey } => {
    if (key.expiresAt !== undefined && !(key.expiresAt <= LATEST_TIME)) {
      throw errors.invalidRequest('A key may last until the end of the year 9999.', 'expiresAt')
    }
    const secret = key.secret ?? newSecret(KEY_PREFIX)
    const id = newId('key')
    const prefix = secret.slice(0, VISIBLE_CHARACTERS)
    const webhookSecret = newWebhookSecret()
    const row = {
      id,
      user_id: key.userId,
      name: key.name,
      prefix,
      hash: hashSecret(secret),
      scopes: (key.scopes ?? DEFAULT_SCOPES).join(' '),
      created_at: clock.now(),
      expires_at: key.expiresAt ?? null,
      revoked_at: null,
      last_used_at: null,
      ...toColumns(key.limits ?? {}),
      rate_limit: key.rateLimit ?? null,
      default_response_format: key.responseDefault ?? null,
      default_visibility: key.visibilityDefault ?? null,
      default_expires_in: key.expiresInDefault ?? null,
      webhook_secret: webhookSecret
    }
    return { row, created: { id, secret, prefix, webhookSecret } }
  }

  const flushLastUsed = async () => {
    if (lastUsed.size === 0) return
    const batch = new Map(lastUsed)
    lastUsed.clear()
    await store.touchKeys(batch)
  }

  const create = async (key: NewApiKey, most = Infinity): Promise<CreatedApiKey> => {
    const { row, created } = build(key)
    const replacesUnused = key.replacesUnused === true
    // What was used a moment ago is not written down yet.
    if (replacesUnused) await flushLastUsed()
    if (!(await store.insertKey(row, { most, replacesUnused }))) {
      throw errors.conflict(
        `You have ${most} keys (LIMITS_KEYS_PER_USER), those of the last day included. Revoke one, or come back tomorrow.`
      )
    }
    bell.ring('keys')
    return created
  }

  return {
    authenticate: async (secret) => {
      if (!secret?.startsWith(KEY_PREFIX)) throw errors.invalidApiKey()
      const hash = hashSecret(secret)
      const row = known.get(hash) ?? (await read(hash))
      if (!row || !isValid(row, clock.now())) throw errors.invalidApiKey(row && explainEnd(row))
      lastUsed.set(row.id, clock.now())
      return toPrincipal(row)
    },
    isWarm: (secret) => secret !== undefined && known.has(hashSecret(secret)),
    stillCounts: async (keyId) => {
      const row = await store.findKeyById(keyId)
      return row !== undefined && isValid(row, clock.now())
    },
    findEnd: async (keyId) => {
      const row = await store.findKeyById(keyId)
      if (row && isValid(row, clock.now())) {
        if (clock.now() - (row.last_used_at ?? 0) >= USE_WRITTEN_EVERY_MS) lastUsed.set(row.id, clock.now())
        return undefined
      }
      return (row && explainEnd(row)) ?? 'This API key counts no more.'
    },
    create,
    createFirst: async (key) => {
      const { row, created } = build(key)
      if (!(await store.insertFirstKey(row))) return undefined
      bell.ring('keys')
      return created
    },
    change: async (key, { limits, rateLimit, visibilityDefault, expiresInDefault }) => {
      const change = {
        ...(limits && toColumns(limits)),
        ...(rateLimit !== undefined && { rate_limit: rateLimit }),
        ...(visibilityDefault !== undefined && { default_visibility: visibilityDefault }),
        ...(expiresInDefault !== undefined && { default_expires_in: expiresInDefault })
      }
      if (!(await store.changeKey(key, change))) return false
      bell.ring('keys')
      return true
    },
    replace: async (key) => {
      await store.deleteKeys({ userId: key.userId, name: key.name })
      return create(key)
    },
    revoke: async (id) => {
      const revoked = await store.revokeKey(id)
      bell.ring('keys')
      return revoked
    },
    list: (filter = {}) => store.listKeys(filter),
    find: (id) => store.findKeyById(id),
    flushLastUsed,
    close: forget
  }
}

const isValid = (row: ApiKeyWithUser, now: number): boolean =>
  row.revoked_at === null && row.user_disabled_at === null && (row.expires_at === null || row.expires_at > now)

/** Of a key of somebody who was shut out. An agent passes it on as it is. */
const SHUT_OUT = 'This API key is of an account that an admin has shut out. Ask an admin.'

/** Whoever holds a key may know that it was good, why it is not and since when. Undefined where nothing is wrong with it. */
function explainEnd(row: ApiKeyWithUser) {
  const { revoked_at: revokedAt, expires_at: expiresAt, user_disabled_at: isOut, user_deleted_at: deletedAt } = row
  if (deletedAt !== null) return `This API key is of an account that was deleted at ${toIsoSecond(deletedAt)}.`
  if (revokedAt !== null) return `This API key was revoked at ${toIsoSecond(revokedAt)}.`
  if (isOut !== null) return SHUT_OUT
  return expiresAt === null ? undefined : `This API key expired at ${toIsoSecond(expiresAt)}.`
}

/** A key may no more than the role of its holder allows now, whatever it was when the key was made. */
const scopesOf = (row: ApiKeyWithUser): Scope[] => {
  const grantable = grantableScopes(row.user_role as Role)
  return (row.scopes.split(' ') as Scope[]).filter((scope) => grantable.includes(scope))
}

const toPrincipal = (row: ApiKeyWithUser): Principal => ({
  userId: row.user_id,
  email: row.user_email,
  emailVerified: row.user_email_verified === 1,
  role: row.user_role as Role,
  keyId: row.id,
  scopes: scopesOf(row),
  limits: {
    key: fromColumns(row),
    user: fromColumns({
      images_per_day: row.user_images_per_day,
      images_per_month: row.user_images_per_month,
      max_active: row.user_max_active,
      max_pixels: row.user_max_pixels,
      allowed_models: row.user_allowed_models
    })
  },
  ...(row.rate_limit !== null && { rateLimit: row.rate_limit }),
  ...(row.default_response_format !== null && { responseDefault: row.default_response_format as ResponseDefault }),
  ...(row.default_expires_in !== null && { expiresInDefault: row.default_expires_in }),
  ...defaultVisibility(row.default_visibility ?? row.user_default_visibility)
})

/** As a part of a principal. */
export const defaultVisibility = (of: Visibility | null): Pick<Principal, 'visibilityDefault'> =>
  of === null ? {} : { visibilityDefault: of }
