import { getSessionCookie } from 'better-auth/cookies'
import { constantTimeEqual, makeSignature } from 'better-auth/crypto'

/**
 * The token in the signed cookie of a session; undefined when there is none or its signature is wrong. The token alone is
 * not enough, for better-auth tells pages the tokens of somebody's sessions.
 */
export async function sessionTokenOf(
  cookie: string | undefined,
  { prefix, secret }: { prefix: string; secret: string }
): Promise<string | undefined> {
  const value = cookie === undefined ? null : getSessionCookie(new Headers({ cookie }), { cookiePrefix: prefix })
  const dot = value?.lastIndexOf('.') ?? -1
  if (!value || dot < 1) return undefined
  const token = value.slice(0, dot)
  return constantTimeEqual(value.slice(dot + 1), await makeSignature(token, secret)) ? token : undefined
}
