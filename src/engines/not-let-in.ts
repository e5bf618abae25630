import { isSecretName } from '../lib/url-secrets.ts'
import { EngineError } from './engine.ts'

/** By what somebody asked a server to let them in: a key of any form, a user name and a password (HTTP Basic), or nothing. */
export type SentAccess = 'key' | 'password' | 'none'

/** What goes with every question to a server whose address is this. */
export function sentAccess(headers: Readonly<Record<string, string>>, url: string): SentAccess {
  const { authorization = '', ...others } = headers
  const isBasic = /^basic\b/i.test(authorization)
  const named = [...Object.entries(others), ...new URL(url).searchParams]
  const hasKey = named.some(([name, value]) => value !== '' && isSecretName(name))
  if (hasKey || (authorization !== '' && !isBasic)) return 'key'
  return isBasic ? 'password' : 'none'
}

/** Of a key that is refused, or wanted. */
const KEY_REMEDY = "Write the one that it wants into the agent's file, as the service's api_key, and restart the agent."
const PASSWORD_REMEDY =
  "They belong into the service's url: http://user:password@host. If it wants a key, that is the service's api_key."

/** Of a server that does not let in whoever sent this; `why`: its own words, as callers may read them. */
export function notLetIn(sent: SentAccess = 'none', why = ''): EngineError {
  if (sent === 'password') return passwordRefused(why)
  const what = sent === 'key' ? 'refused its API key' : 'wants an API key, and none is given'
  return new EngineError('unreachable', sentence(what, why), { remedy: KEY_REMEDY })
}

/** The same of servers whose keys are those of accounts, with what their owner may do. */
export function accountNotLetIn(sent: SentAccess, remedy: string): EngineError {
  if (sent === 'password') return passwordRefused()
  const what = sent === 'key' ? 'refused its account' : 'wants an account, and none is given'
  return new EngineError('unreachable', sentence(what), { remedy })
}

const passwordRefused = (why = ''): EngineError =>
  new EngineError('unreachable', sentence('refused its user name or password', why), { remedy: PASSWORD_REMEDY })

const sentence = (what: string, why = ''): string => `The image server ${what}${why === '' ? '.' : `: ${why}`}`
