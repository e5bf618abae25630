import { errors } from '../lib/errors.ts'
import { AUTH_PATH, bodyFor, redirectsHome, SIGN_UP } from './auth-endpoints.ts'
import type { Auth } from './auth-instances.ts'
import { type Caller, headersOf } from './caller.ts'
import { checkName } from './join-by-password.ts'
import type { SignInLimits } from './sign-in-limits.ts'

/** A call of an endpoint of `/api/auth`. */
export interface AuthCall extends Caller {
  method: string
  /** Below `/api/auth`. */
  path: string
  /** With its question mark, or empty. */
  search: string
  body: unknown
}

export interface AuthCallParts {
  authOf: (base: string) => Promise<Auth>
  limits: SignInLimits
  /** Of sign-ins that are begun elsewhere: each leaves a row until its time is over. */
  beginLimits: SignInLimits
  /** Answers `/sign-up/email` in place of better-auth, which would hash a password within a transaction. */
  signUp: (call: AuthCall) => Promise<Response>
}

const BEGIN_ELSEWHERE = 'POST /sign-in/social'
const UPDATE = 'POST /update-user'
/** Where a password can be guessed. */
const GUESSES = ['POST /sign-in/email', 'POST /change-password']

/**
 * What `/api/auth` answers: what better-auth says to the endpoints that are there. Throws `permission_denied` when something
 * is to be changed from another origin, `rate_limit_exceeded`, `not_found`, `invalid_request`, and what better-auth did
 * not expect.
 */
export async function answerAuthCall(parts: AuthCallParts, call: AuthCall): Promise<Response> {
  refuseOtherOrigins(call)
  const endpoint = `${call.method} ${call.path}`
  if (endpoint === SIGN_UP) {
    // An account that was made is counted as well: open registration is no place to make hundreds.
    return parts.limits.attempt(trierOf(call), () => parts.signUp(call), { isFree: () => false })
  }
  const body = bodyFor(endpoint, call.body)
  if (!body) throw errors.notFound(`${call.method} of this path`)
  if (!redirectsHome(body, call.base)) {
    throw errors.invalidRequest('The browser can be sent to pages of this server only.', 'callbackURL')
  }
  if (endpoint === UPDATE) body.name = checkName(typeof body.name === 'string' ? body.name : '')
  const run = async () => (await parts.authOf(call.base)).handler(toRequest(call, body))
  if (endpoint === BEGIN_ELSEWHERE) {
    return parts.beginLimits.attempt({ address: call.address }, run, { isFree: () => false })
  }
  return GUESSES.includes(endpoint)
    ? parts.limits.attempt(trierOf(call), run, { isFree: (response) => response.ok })
    : run()
}

const trierOf = ({ address, body }: AuthCall) => {
  const email = (body as { email?: unknown } | undefined)?.email
  return { address, email: typeof email === 'string' ? email : undefined }
}

const toRequest = (call: AuthCall, body: Record<string, unknown>): Request => {
  const headers = headersOf(call)
  const url = call.base + AUTH_PATH + call.path + call.search
  if (call.method === 'GET') return new Request(url, { headers })
  headers.set('content-type', 'application/json')
  return new Request(url, { method: call.method, headers, body: JSON.stringify(body) })
}

/** Every browser says where such a call comes from; what does not say it is refused as well. */
function refuseOtherOrigins({ method, base, headers }: AuthCall): void {
  if (method === 'GET' || method === 'HEAD') return
  const isOurs =
    headers.origin === undefined ? headers['sec-fetch-site'] === 'same-origin' : headers.origin === new URL(base).origin
  if (!isOurs) throw errors.otherOrigin()
}
