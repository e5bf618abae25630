export const SCOPES = ['generate', 'agent', 'usage', 'admin'] as const
export type Scope = (typeof SCOPES)[number]
export type Role = 'admin' | 'member'

/** Who is calling, as established by an API key. */
export interface Principal {
  userId: string
  email: string
  role: Role
  keyId: string
  scopes: readonly Scope[]
}
