import type { Database, Db } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { Role } from '../lib/principal.ts'
import { useInvitation } from './invitation-store.ts'
import { insertUser, type UserRow } from './user-store.ts'

/** How better-auth names a password among the ways to sign in. */
export const PASSWORD = 'credential'

export interface NewPerson {
  name: string
  email: string
  passwordHash: string
}

export interface PersonStore {
  /** The person of a session that has not ended, and who is not shut out. */
  findBySessionToken(token: string): Promise<UserRow | undefined>
  /** Whether a session was ended by its person being shut out, which whoever holds its token may know. */
  isShutOut(token: string): Promise<boolean>
  /** Whether somebody has any of these ways to sign in. */
  canSignIn(userId: string, ways: readonly string[]): Promise<boolean>
  /** Somebody new, by an invitation or without. Throws `invitation_invalid` and `conflict`. */
  join(person: NewPerson & { invitationId?: string; role: Role; emailVerified: boolean }): Promise<UserRow>
  /** Hands an account over: a new name, address and password, and all of its sessions end. Throws like `join`. */
  claim(person: NewPerson & { invitationId: string; userId: string }): Promise<UserRow>
  /** Drops sessions and half-finished sign-ins whose time is over. */
  dropExpired(): Promise<void>
}

/** How exactly it is known when a session was last used: one write a minute for each that is. */
const SEEN_EVERY_MS = 60_000

/** One write for all calls that come at the same time. */
const noteSeen = (db: Db, { token, now }: { token: string; now: number }) =>
  db
    .updateTable('sessions')
    .set({ updated_at: now })
    .where('token', '=', token)
    .where('updated_at', '<', now - SEEN_EVERY_MS)
    .execute()

export function createPersonStore({ db, clock }: Pick<Database, 'db' | 'clock'>): PersonStore {
  return {
    findBySessionToken: async (token) => {
      const now = clock.now()
      const found = await db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .selectAll('users')
        .select('sessions.updated_at as session_seen_at')
        .where('sessions.token', '=', token)
        .where('sessions.expires_at', '>', now)
        .where('users.disabled_at', 'is', null)
        .executeTakeFirst()
      if (!found) return undefined
      const { session_seen_at, ...user } = found
      // Nobody is shut out because a disk cannot take down that they were here.
      if (session_seen_at < now - SEEN_EVERY_MS) await noteSeen(db, { token, now }).catch(() => undefined)
      return user
    },
    isShutOut: async (token) => {
      const session = await db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .select('sessions.id')
        .where('sessions.token', '=', token)
        .where('users.disabled_at', 'is not', null)
        .where('users.deleted_at', 'is', null)
        .executeTakeFirst()
      return session !== undefined
    },
    canSignIn: (userId, ways) => canSignIn(db, userId, ways),
    join: (person) =>
      db.transaction().execute(async (trx) => {
        const user = await insertPerson(trx, person, clock.now())
        await setPassword(trx, { userId: user.id, hash: person.passwordHash, now: clock.now() })
        return user
      }),
    claim: (person) => db.transaction().execute((trx) => claim(trx, person, clock.now())),
    dropExpired: async () => {
      await db.deleteFrom('sessions').where('expires_at', '<', clock.now()).execute()
      await db.deleteFrom('verifications').where('expires_at', '<', clock.now()).execute()
    }
  }
}

/**
 * Ends the sessions of somebody who is shut out. They are kept until they are swept, within an hour: until then a page that was
 * open is told why.
 */
export async function endSessions(trx: Db, userId: string, now: number): Promise<void> {
  await trx
    .updateTable('sessions')
    .set({ expires_at: now })
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .execute()
}

/** Ends the sessions of somebody without a trace. */
export async function dropSessions(trx: Db, userId: string): Promise<void> {
  await trx.deleteFrom('sessions').where('user_id', '=', userId).execute()
}

/** Whether somebody has any of these ways to sign in. */
export async function canSignIn(db: Db, userId: string, ways: readonly string[]): Promise<boolean> {
  const account = await db
    .selectFrom('accounts')
    .select('id')
    .where('user_id', '=', userId)
    .where('provider_id', 'in', ways)
    .limit(1)
    .executeTakeFirst()
  return account !== undefined
}

/**
 * One row of somebody new, using up the invitation they come by in the same transaction. Throws `conflict` when the
 * address is taken, `invitation_invalid`, and `invitation_other_email` when it is somebody else's.
 */
export async function insertPerson(
  trx: Db,
  person: {
    id?: string
    name: string
    email: string
    invitationId?: string | undefined
    role: Role
    emailVerified: boolean
  },
  now: number
): Promise<UserRow> {
  const user = await insertUser(trx, { ...person, now })
  if (!user) throw errors.emailTaken()
  if (person.invitationId === undefined) return user
  const invitation = await useInvitation(trx, { id: person.invitationId, usedBy: user.id, now })
  if (!invitation || invitation.user_id !== null) throw errors.invitationInvalid()
  if (invitation.email !== null && invitation.email !== user.email) throw errors.invitationForAnother()
  return trx
    .updateTable('users')
    .set({ role: invitation.role, ...(invitation.email !== null && { email_verified: 1 }) })
    .where('id', '=', user.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

async function claim(
  trx: Db,
  person: NewPerson & { invitationId: string; userId: string },
  now: number
): Promise<UserRow> {
  const { userId, email } = person
  if (!(await useInvitation(trx, { id: person.invitationId, usedBy: userId, now }))) throw errors.invitationInvalid()
  const other = await trx.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
  if (other && other.id !== userId) throw errors.emailTaken()
  const user = await trx
    .updateTable('users')
    .set({ name: person.name, email, updated_at: now, ...(!other && { email_verified: 0 }) })
    .where('id', '=', userId)
    .where('disabled_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
  if (!user) throw errors.invitationInvalid()
  await setPassword(trx, { userId, hash: person.passwordHash, now })
  await dropSessions(trx, userId)
  return user
}

async function setPassword(trx: Db, { userId, hash, now }: { userId: string; hash: string; now: number }) {
  await trx
    .insertInto('accounts')
    .values({
      id: newId('acc'),
      user_id: userId,
      provider_id: PASSWORD,
      account_id: userId,
      password: hash,
      created_at: now,
      updated_at: now
    })
    .onConflict((c) => c.columns(['provider_id', 'account_id']).doUpdateSet({ password: hash, updated_at: now }))
    .execute()
}
