import type { Visibility } from './requests.ts'

/** `GET /api/dashboard/keys`, newest first. */
export interface KeyInfo {
  id: string
  name: string
  /** How it begins, for recognition. */
  prefix: string
  scopes: Scope[]
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  lastUsedAt: number | null
  limits: KeyLimits
  /** Requests per minute; null: as configured. */
  rateLimit: number | null
  /** Null: as the model's name promises. */
  responseFormat: ResponseFormat | null
  /** Who may see what is made with it, where a call does not say it; null: as its owner says. */
  visibility: Visibility | null
  /** Seconds for which requests made with it are kept after their end, where a call does not say it; 0: until delivered, null: they are kept. */
  expiresIn: number | null
}

export type Scope = 'generate' | 'agent' | 'usage' | 'admin'

export type ResponseFormat = 'url' | 'b64_json' | 'b64_json_only'

/** Null is no limit. */
export interface KeyLimits {
  imagesPerDay: number | null
  imagesPerMonth: number | null
  maxActive: number | null
  maxPixels: number | null
  models: string[] | null
}

/** `POST /api/dashboard/keys` */
export interface NewKey {
  name: string
  scopes: Scope[]
  expiresAt: number | null
  limits: KeyLimits
  rateLimit: number | null
  /** Null: as the model's name promises. */
  responseFormat: ResponseFormat | null
  visibility?: Visibility | null
  /** True: keys of the caller that are like it in all of that and were never used are revoked, as it takes their place. */
  replacesUnused?: boolean
  expiresIn?: number | null
}

/** `PATCH /api/dashboard/keys/<id>`: all of its limits, and what of its defaults is to be another; answers the KeyInfo. */
export type ChangedKey = Pick<NewKey, 'limits' | 'rateLimit' | 'visibility' | 'expiresIn'>

/** The answer to a `NewKey`: the secrets are told here and never again. */
export interface CreatedKey {
  key: KeyInfo
  secret: string
  webhookSecret: string
}
