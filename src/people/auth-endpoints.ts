export const AUTH_PATH = '/api/auth'
/** Of the OpenID Connect provider that is configured, in the path of its callback and in the rows of those who come by it. */
export const OIDC_PROVIDER_ID = 'oidc'

/**
 * The endpoints of better-auth that are there, each with the fields of its body that count: it has many more of both, and
 * a new version may add some. The paths are those below `/api/auth`.
 */
export const AUTH_ENDPOINTS: Record<string, readonly string[]> = {
  'GET /get-session': [],
  'POST /sign-in/email': ['email', 'password', 'rememberMe'],
  'POST /sign-in/social': ['provider', 'callbackURL', 'errorCallbackURL', 'newUserCallbackURL', 'additionalData'],
  'GET /callback/github': [],
  'GET /callback/oidc': [],
  'POST /sign-out': [],
  'POST /change-password': ['currentPassword', 'newPassword', 'revokeOtherSessions'],
  'POST /update-user': ['name'],
  'GET /list-sessions': [],
  'POST /revoke-session': ['token'],
  'POST /revoke-other-sessions': [],
  'GET /list-accounts': [],
  'POST /link-social': ['provider', 'callbackURL', 'errorCallbackURL'],
  'POST /unlink-account': ['accountId']
}

/** Answered in place of better-auth. */
export const SIGN_UP = 'POST /sign-up/email'

/** With which methods an endpoint is there at this path below `/api/auth`; empty when none is. */
export const methodsAt = (path: string): string[] =>
  [...Object.keys(AUTH_ENDPOINTS), SIGN_UP]
    .map((endpoint) => endpoint.split(' ') as [method: string, path: string])
    .filter(([, known]) => known === path)
    .map(([method]) => method)

const REDIRECTS = ['callbackURL', 'errorCallbackURL', 'newUserCallbackURL']

/** The body as the endpoint may have it; undefined when there is no such endpoint. */
export function bodyFor(endpoint: string, body: unknown): Record<string, unknown> | undefined {
  const fields = Object.hasOwn(AUTH_ENDPOINTS, endpoint) ? AUTH_ENDPOINTS[endpoint] : undefined
  if (!fields) return undefined
  const sent = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  return Object.fromEntries(fields.filter((field) => field in sent).map((field) => [field, sent[field]]))
}

/** Whether every place that the browser is to be sent to afterwards is one of ours: at `base` or below it. */
export function redirectsHome(body: Record<string, unknown>, base: string): boolean {
  const home = new URL(`${base}/`)
  return REDIRECTS.map((field) => body[field]).every((target) => {
    if (target === undefined) return true
    if (typeof target !== 'string' || !URL.canParse(target, home.href)) return false
    const { origin, pathname } = new URL(target, home)
    return origin === home.origin && `${pathname}/`.startsWith(home.pathname)
  })
}
