/** Somebody signed in to the dashboard with one browser. */
export interface SessionsTable {
  id: string
  user_id: string
  token: string
  ip_address: string | null
  user_agent: string | null
  created_at: number
  updated_at: number
  expires_at: number
}

/** One way of somebody to sign in. */
export interface AccountsTable {
  id: string
  user_id: string
  /** `credential` for a password, `github` or `oidc`. */
  provider_id: string
  /** Their id at the provider; for a password the user's own. */
  account_id: string
  /** Hash of it. */
  password: string | null
  created_at: number
  updated_at: number
}

/** What a sign-in elsewhere has to remember until the browser comes back. */
export interface VerificationsTable {
  id: string
  identifier: string
  value: string
  created_at: number
  updated_at: number
  expires_at: number
}

/** A link that may be used once. */
export interface InvitationsTable {
  id: string
  /** SHA-256 of its token. */
  token_hash: string
  /** Whose account it hands over; null: whoever has it joins as somebody new. */
  user_id: string | null
  /** The address the newcomer must have; null: any. */
  email: string | null
  /** Of the newcomer. */
  role: string
  /** Null: made on the server itself. */
  created_by: string | null
  created_at: number
  expires_at: number
  used_at: number | null
  used_by: string | null
  revoked_at: number | null
}
