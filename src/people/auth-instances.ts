import {
  addOAuthServerContext,
  APIError,
  createAuthEndpoint,
  createAuthMiddleware,
  getOAuthState
} from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { betterAuth } from 'better-auth/minimal'
import type { OAuthProvider } from 'better-auth/oauth2'
import type { BetterAuthPlugin } from 'better-auth/types'
import { LRUCache } from 'lru-cache'
import type { Database } from '../db/database.ts'
import { cleanText } from '../lib/clean-text.ts'
import { AppError } from '../lib/errors.ts'
import { type IdPrefix, newId } from '../lib/ids.ts'
import type { Logger } from '../lib/logger.ts'
import { AUTH_PATH } from './auth-endpoints.ts'
import { ADDRESS_HEADER } from './caller.ts'
import type { Invitations } from './invitations.ts'
import { MAX_PASSWORD_CHARACTERS, MIN_PASSWORD_CHARACTERS, type Passwords } from './passwords.ts'
import { createPersonAdapter } from './person-adapter-store.ts'
import { cookieRules } from './session-cookie.ts'

const DAY_S = 86_400
const SESSION_S = 30 * DAY_S
/** Callers choose what they call us where no address is configured: only so many are kept. */
const MOST_INSTANCES = 16
const MOST_LOGGED_CHARACTERS = 300

const ID_PREFIXES: Record<string, IdPrefix> = { user: 'usr', session: 'sgn', account: 'acc', verification: 'ver' }

export interface AuthParts {
  database: Database
  logger: Logger
  passwords: Passwords
  invitations: Invitations
  /** Asked whenever somebody new comes. */
  isOpen: () => boolean
  github: { clientId: string; clientSecret: string } | undefined
  oidc: OAuthProvider | undefined
}

export type Auth = ReturnType<typeof createAuth>

/**
 * One better-auth per address people reach us at, since it takes its cookies, redirects and checks of origins from the
 * address it is made with.
 */
export function createAuthInstances(parts: AuthParts): (options: { base: string; secret: string }) => Auth {
  const instances = new LRUCache<string, Auth>({ max: MOST_INSTANCES })
  return ({ base, secret }) => {
    const auth = instances.get(base) ?? createAuth(parts, { base, secret })
    instances.set(base, auth)
    return auth
  }
}

function createAuth(parts: AuthParts, { base, secret }: { base: string; secret: string }) {
  const { prefix, path, secure } = cookieRules(base)
  return betterAuth({
    appName: 'inference.club',
    baseURL: base + AUTH_PATH,
    // In this form, or it would look into the environment.
    secrets: [{ version: 1, value: secret }],
    database: createPersonAdapter(parts.database),
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    logger: { level: 'error', log: (_level, message, ...details) => logTrouble(parts.logger, message, details) },
    // What is no answer of its own is thrown to us instead of printed.
    onAPIError: { throw: true, errorURL: `${base}/sign-in` },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      password: parts.passwords,
      minPasswordLength: MIN_PASSWORD_CHARACTERS,
      maxPasswordLength: MAX_PASSWORD_CHARACTERS
    },
    session: { expiresIn: SESSION_S, updateAge: DAY_S, freshAge: 0 },
    user: {
      additionalFields: {
        role: { type: 'string', input: false, defaultValue: 'member' },
        // No column: tells the adapter which invitation the newcomer uses up.
        invitationId: { type: 'string', input: false, required: false, returned: false }
      }
    },
    account: {
      updateAccountOnSignIn: false,
      // By address only when both sides are sure of it, which is its default; by the person themselves in any case.
      accountLinking: { enabled: true, allowDifferentEmails: true }
    },
    socialProviders: parts.github ? { github: parts.github } : {},
    plugins: [signInPlugin(parts.oidc)],
    hooks: { before: rememberInvitation(parts.invitations) },
    databaseHooks: { user: { create: { before: (user) => admit(user, parts.isOpen()) } } },
    advanced: {
      cookiePrefix: prefix,
      // It would put `__Secure-` in front.
      useSecureCookies: false,
      defaultCookieAttributes: { secure, path },
      disableCSRFCheck: false,
      disableOriginCheck: false,
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      database: { generateId: ({ model }) => newId(ID_PREFIXES[model] ?? 'ver') }
    }
  })
}

const BEGIN_SESSION = { method: 'POST', metadata: { $Infer: { body: {} as { userId: string } } } } as const

/** Our own OIDC provider beside those it knows, and an endpoint for ourselves alone that begins somebody's session. */
const signInPlugin = (oidc: OAuthProvider | undefined) =>
  ({
    id: 'inference-club',
    init: (context) => ({
      context: { socialProviders: oidc ? [...context.socialProviders, oidc] : context.socialProviders }
    }),
    endpoints: {
      beginSession: createAuthEndpoint.serverOnly(BEGIN_SESSION, async (context) => {
        const { userId } = context.body
        const { internalAdapter } = context.context
        const user = await internalAdapter.findUserById(userId)
        if (!user) throw new Error('The person of a new session is not there.')
        await setSessionCookie(context, { session: await internalAdapter.createSession(userId), user })
      })
    }
  }) satisfies BetterAuthPlugin

/** Puts the invitation that a sign-in elsewhere carries, once looked at, where the browser cannot change it. */
const rememberInvitation = (invitations: Invitations) =>
  createAuthMiddleware(async ({ path, body }) => {
    const token = (body as { additionalData?: { invitation?: unknown } } | undefined)?.additionalData?.invitation
    if (path !== '/sign-in/social' || typeof token !== 'string') return
    const { id } = await invitations.getUsable(token).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error
      throw new APIError('FORBIDDEN', { code: error.code, message: error.message })
    })
    await addOAuthServerContext({ invitationId: id })
    // The token itself is stored nowhere.
    return { context: { body: { ...(body as object), additionalData: undefined } } }
  })

/** Lets a newcomer by GitHub or OIDC in; that the invitation still counts is for the adapter to see. */
async function admit(user: object, isOpen: boolean) {
  const state = await getOAuthState()
  const invitationId = state?.serverContext?.invitationId
  if (typeof invitationId === 'string') return { data: { ...user, invitationId } }
  if (isOpen) return undefined
  throw new APIError('FORBIDDEN', {
    code: 'invitation_required',
    message: 'You need an invitation to join. Ask an admin for one.'
  })
}

/**
 * What better-auth calls errors is mostly what a caller sent wrong, quoted: a fault of ours is thrown and logged where
 * all are. Of what it adds, only what cannot hold secrets.
 */
function logTrouble(logger: Logger, message: string, details: readonly unknown[]): void {
  const error = details.find((one) => one instanceof Error)
  const cause = error && { cause: cleanText(`${error.name}: ${error.message}`, MOST_LOGGED_CHARACTERS) }
  logger.warn({ ...cause }, `sign-in: ${cleanText(message, MOST_LOGGED_CHARACTERS)}`)
}
