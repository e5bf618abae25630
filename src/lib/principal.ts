import type { Visibility } from './visibility.ts'

export const SCOPES = ['generate', 'agent', 'usage', 'admin'] as const
export type Scope = (typeof SCOPES)[number]
export const ROLES = ['member', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** What a key or a person may use; an absent member is no limit. Days and months are UTC. */
export interface UseLimits {
  imagesPerDay?: number
  imagesPerMonth?: number
  /** Images waiting and running at once. */
  maxActive?: number
  /** Width × height of one image. */
  maxPixels?: number
  /** Model ids. */
  models?: readonly string[]
}

/** How a call that does not say it is answered: with URLs, with base64 beside them, or with base64 alone. */
export const RESPONSE_DEFAULTS = ['url', 'b64_json', 'b64_json_only'] as const
export type ResponseDefault = (typeof RESPONSE_DEFAULTS)[number]

/** What stands in place of an API key's id in the records of what people did in the dashboard. */
export const DASHBOARD_KEY_ID = 'dashboard'

/** Who is calling, as established by an API key or by a session of the dashboard. */
export interface Principal {
  userId: string
  email: string
  /** Somebody vouched for the address: an admin named it, or a provider of sign-ins said so. Others may be made up. */
  emailVerified: boolean
  role: Role
  keyId: string
  scopes: readonly Scope[]
  /** Both hold. */
  limits: { key: UseLimits; user: UseLimits }
  /** Requests per minute of this key; absent: as configured. */
  rateLimit?: number
  /** Absent: the key names none. */
  responseDefault?: ResponseDefault
  /** Of requests that do not say it, by the key or the person; absent: neither names one. */
  visibilityDefault?: Visibility
  /** Seconds for which requests are kept that do not say it, by the key; absent: it names none. */
  expiresInDefault?: number
}

/** Whether both of its limits let a caller use a model. */
export const mayUseModel = ({ limits }: Pick<Principal, 'limits'>, model: string): boolean =>
  [limits.key, limits.user].every(({ models }) => models === undefined || models.includes(model))
