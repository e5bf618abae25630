import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import type { Logger } from '../lib/logger.ts'
import { remember } from '../lib/remember.ts'
import { DASHBOARD_KEY_ID, type Principal, type Role, SCOPES, type Scope } from '../lib/principal.ts'
import { type Account, createAccount } from './account.ts'
import { answerAuthCall, type AuthCall } from './answer-auth-call.ts'
import type { Auth } from './auth-instances.ts'
import { type Caller, headersOf } from './caller.ts'
import { createInvitationStore } from './invitation-store.ts'
import { createInvitations, type Invitations } from './invitations.ts'
import { acceptInvitation, type Credentials, signUp } from './join-by-password.ts'
import { createPasswords } from './passwords.ts'
import { hasOthers, listPeople, type PersonRow } from './people-list-store.ts'
import { changePerson, type ChangedPerson } from './person-change-store.ts'
import { createPersonStore } from './person-store.ts'
import { getSecret } from './secret-store.ts'
import { sessionTokenOf } from './session-cookie.ts'
import { createSignInLimits } from './sign-in-limits.ts'
import { defaultVisibility } from '../auth/api-keys.ts'
import { fromColumns } from '../auth/use-limits.ts'
import type { UserRow, UserStore } from './user-store.ts'
import { providersOf, waysToSignIn } from './ways-to-sign-in.ts'

/** A whole office may come by GitHub in the morning. */
const BEGUN_PER_TRY = 20
const MEMBER_SCOPES: readonly Scope[] = ['generate', 'usage']

/** Somebody signed in to the dashboard. */
export interface Person extends Principal {
  name: string
}

export interface SignInOptions {
  registration: 'open' | 'invitation'
  github: boolean
  /** The text of its button. */
  oidc: { name: string } | null
}

/** Somebody who has just been signed in. */
export interface SignedIn {
  person: Person
  /** Lines for `Set-Cookie`, by which their browser stays so. */
  cookies: string[]
}

export interface People {
  invitations: Invitations
  account: Account
  /** Who is signed in, by the session cookie; undefined when nobody is, or they are shut out. */
  principalOf(caller: Pick<Caller, 'base' | 'headers'>): Promise<Person | undefined>
  /** Whether the session of this cookie ended by its person being shut out; known for about an hour after that. */
  isShutOut(caller: Pick<Caller, 'base' | 'headers'>): Promise<boolean>
  /** The token of the session cookie, whether or not the session still is; undefined when there is none. */
  sessionTokenOf(caller: Pick<Caller, 'base' | 'headers'>): Promise<string | undefined>
  /** Lines for `Set-Cookie`, where due, that keep a session in use from ending. */
  renewCookies(caller: Caller): Promise<string[]>
  /** What the sign-in page offers. */
  signInOptions(): SignInOptions
  /** Answers a call of `/api/auth`; throws like `answerAuthCall`. */
  handle(call: AuthCall): Promise<Response>
  /** Uses an invitation up and signs whoever does so in. Throws like `acceptInvitation`, and `rate_limit_exceeded`. */
  accept(answer: Credentials & { token: string }, caller: Caller): Promise<SignedIn>
  /** Signs somebody in, whoever has made sure that it is them. */
  beginSession(user: UserRow, caller: Caller): Promise<SignedIn>
  /** Whether they have any way to sign in that is set up. */
  canSignIn(userId: string): Promise<boolean>
  /** Whether anybody can come in at all; once they can, it is not asked again. */
  isClaimed(): Promise<boolean>
  /** Whether anybody but this person can come in. */
  hasOthers(userId: string): Promise<boolean>
  /** Everybody, or one person; newest last, without deleted accounts. */
  list(filter?: { userId: string }): Promise<PersonRow[]>
  /** Changes somebody; counts at once for their sessions, keys and agents. Throws like `changePerson`. */
  change(changed: ChangedPerson): Promise<void>
  /** Drops sessions and half-finished sign-ins whose time is over. */
  dropExpired(): Promise<void>
}

/** How people sign in. Opens and reads nothing before it is asked something. */
export function createPeople(parts: { config: Config; logger: Logger; database: Database; users: UserStore }): People {
  const { config, logger, database, users } = parts
  const { clock, bell } = database
  const { github, oidc } = providersOf(config.signIn)
  const isOpen = () => config.signIn.registration === 'open'
  const ways = waysToSignIn(config.signIn)
  const persons = createPersonStore(database)
  const passwords = createPasswords()
  const limits = createSignInLimits({ tries: () => config.limits.signInTries })
  const beginLimits = createSignInLimits({ tries: () => BEGUN_PER_TRY * config.limits.signInTries })
  const store = createInvitationStore(database)
  const invitations = createInvitations({ store, users, clock, lifetimeMs: () => config.signIn.invitationLifetimeMs })
  const join = { invitations, persons, passwords }
  // better-auth is a third of what this program is made of, and not needed before somebody signs in.
  const instances = remember({
    load: async () => {
      const { createAuthInstances } = await import('./auth-instances.ts')
      const provider = oidc && (await import('./oidc-provider.ts')).createOidcProvider(oidc, logger)
      return createAuthInstances({ database, logger, passwords, invitations, isOpen, github, oidc: provider })
    },
    forMs: Infinity,
    now: () => clock.now()
  })
  const secretOf = remember({ load: () => getSecret(database, 'sign-in'), forMs: Infinity, now: () => clock.now() })
  const authOf = async (base: string): Promise<Auth> => (await instances())({ base, secret: await secretOf() })

  let isClaimed = false
  const sessionToken = ({ base, headers }: Pick<Caller, 'base' | 'headers'>) =>
    sessionTokenOf(headers.cookie, { base, secret: secretOf })

  const beginSession = async (user: UserRow, caller: Caller): Promise<SignedIn> => {
    const { api } = await authOf(caller.base)
    const headers = headersOf(caller)
    const begun = await api.beginSession({ body: { userId: user.id }, headers, returnHeaders: true })
    return { person: toPerson(user), cookies: begun.headers.getSetCookie() }
  }

  const register = async (call: AuthCall): Promise<Response> => {
    if (!isOpen()) throw errors.registrationClosed()
    const { person, cookies } = await beginSession(await signUp(join, readCredentials(call.body)), call)
    const headers = new Headers(cookies.map((cookie): [string, string] => ['set-cookie', cookie]))
    return Response.json(
      { token: null, user: { id: person.userId, name: person.name, email: person.email, role: person.role } },
      { headers }
    )
  }

  return {
    invitations,
    account: createAccount({ database, ways }),
    sessionTokenOf: sessionToken,
    principalOf: async (caller) => {
      const token = await sessionToken(caller)
      const user = token === undefined ? undefined : await persons.findBySessionToken(token)
      return user && toPerson(user)
    },
    isShutOut: async (caller) => {
      const token = await sessionToken(caller)
      return token !== undefined && (await persons.isShutOut(token))
    },
    renewCookies: async (caller) => {
      const { api } = await authOf(caller.base)
      const { headers } = await api.getSession({ headers: headersOf(caller), returnHeaders: true })
      return headers.getSetCookie()
    },
    signInOptions: () => ({
      registration: config.signIn.registration,
      github: github !== undefined,
      oidc: oidc ? { name: oidc.name } : null
    }),
    handle: (call) => answerAuthCall({ authOf, limits, beginLimits, signUp: register }, call),
    accept: (answer, caller) => {
      const use = async () => {
        const user = await acceptInvitation(join, answer)
        // Keys remember the address of whom they belong to.
        bell.ring('keys')
        return beginSession(user, caller)
      }
      return limits.attempt({ address: caller.address, email: answer.email }, use, { isFree: () => true })
    },
    beginSession,
    canSignIn: (userId) => persons.canSignIn(userId, ways),
    isClaimed: async () => (isClaimed ||= await hasOthers(database.db, { ways })),
    hasOthers: (userId) => hasOthers(database.db, { userId, ways }),
    list: (filter) => listPeople(database.db, { ...filter, now: clock.now(), ways }),
    change: async (changed) => {
      await changePerson(database, { ...changed, ways })
      bell.ring('keys')
    },
    dropExpired: () => persons.dropExpired()
  }
}

/** What somebody signs up with. Throws `invalid_request` when any of it is missing. */
function readCredentials(body: unknown): Credentials {
  const { name, email, password } = (body ?? {}) as Record<string, unknown>
  if (typeof name !== 'string' || typeof email !== 'string' || typeof password !== 'string') {
    throw errors.invalidRequest("'name', 'email' and 'password' are required.")
  }
  return { name, email, password }
}

const toPerson = (user: UserRow): Person => ({
  userId: user.id,
  name: user.name,
  email: user.email,
  emailVerified: user.email_verified === 1,
  role: user.role as Role,
  keyId: DASHBOARD_KEY_ID,
  scopes: user.role === 'admin' ? SCOPES : MEMBER_SCOPES,
  limits: { key: {}, user: fromColumns(user) },
  // The dashboard shows images by their URLs, whatever the model is called.
  responseDefault: 'url',
  ...defaultVisibility(user.default_visibility)
})
