const NAME = 'inference-club'

export interface CookieRules {
  /** What the name of every cookie begins with. */
  prefix: string
  path: string
  secure: boolean
}

/**
 * How cookies are named and sent where people reach us at `base`. Over https browsers take a name with such a prefix from
 * this host alone, and over a safe connection alone: `__Host-` where all of the host is ours, `__Secure-` below a path of it,
 * since the former demands the root.
 */
export function cookieRules(base: string): CookieRules {
  const { protocol, pathname } = new URL(base)
  const secure = protocol === 'https:'
  const isRoot = pathname === '/'
  return { prefix: (secure ? (isRoot ? '__Host-' : '__Secure-') : '') + NAME, path: pathname, secure }
}

/**
 * The token in the signed cookie of a session; undefined when there is none by exactly the name it has at `base`, or its
 * signature is wrong. The token alone is not enough, for better-auth tells pages the tokens of somebody's sessions.
 */
export async function sessionTokenOf(
  cookie: string | undefined,
  { base, secret }: { base: string; secret: () => Promise<string> }
): Promise<string | undefined> {
  if (!cookie?.includes(NAME)) return undefined
  const { parseCookies } = await import('better-auth/cookies')
  const { constantTimeEqual, makeSignature } = await import('better-auth/crypto')
  const value = parseCookies(cookie).get(`${cookieRules(base).prefix}.session_token`)
  const dot = value?.lastIndexOf('.') ?? -1
  if (!value || dot < 1) return undefined
  const token = value.slice(0, dot)
  return constantTimeEqual(value.slice(dot + 1), await makeSignature(token, await secret())) ? token : undefined
}
