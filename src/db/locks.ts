import { PostgresAdapter, sql } from 'kysely'
import type { Trx } from './database.ts'

/**
 * What transactions depend on that look first and write then: nobody else may change it in between. Each begins with the
 * locks it needs, in this order and those of one kind in the order of their ids, so that no two wait for each other.
 *
 * SQLite has one writer and transactions begin `immediate`, so nothing is to be done there. PostgreSQL locks the row until the
 * transaction ends, but not its key (`for no key update`): rows that refer to it can be written meanwhile, as an image of
 * somebody is while they submit. What has no row has a number. What is read after a lock is as the one who had it before left
 * it, which is so at the isolation level `read committed` only, the default there.
 */
export const LOCK_ORDER = ['installation', 'person', 'offers', 'provider', 'request', 'queue', 'settings'] as const
export type LockKind = (typeof LOCK_ORDER)[number]

/** They stay as they are: gateways of several versions may run on one database. */
const NUMBERS = { installation: 1, offers: 2, queue: 3, settings: 4 } as const satisfies Partial<
  Record<LockKind, number>
>
/** Apart from what other programs lock in the same database. */
const NUMBERS_OF_OURS = 0x1c1b

/** What an installation has once: that somebody is left who is its admin, and its first key. */
export const lockInstallation = (trx: Trx): Promise<void> => lockNumber(trx, 'installation')

/**
 * What somebody has of which there is a limit, or which may be theirs once: images waiting and made, bytes stored, webhooks
 * pending, keys, providers; which bytes are shared among their images; and whether they are here.
 */
export const lockPerson = (trx: Trx, userId: string): Promise<void> => lockRows(trx, 'person', [userId])

/** Which models are served by whom: a newcomer that offers what others serve waits to be let in. */
export const lockOffers = (trx: Trx): Promise<void> => lockNumber(trx, 'offers')

/** What runs on these providers, what others had of them, their connections, pauses, measures and trust. */
export const lockProvider = (trx: Trx, ...ids: string[]): Promise<void> => lockRows(trx, 'provider', ids)

/** The states of these requests and of all that belongs to them: tasks, attempts, images. */
export const lockRequest = (trx: Trx, ...ids: string[]): Promise<void> => lockRows(trx, 'request', ids)

/** How many images wait and run in all, and their order. */
export const lockQueue = (trx: Trx): Promise<void> => lockNumber(trx, 'queue')

/** What admins changed of the configuration. */
export const lockSettings = (trx: Trx): Promise<void> => lockNumber(trx, 'settings')

const TABLES = { person: 'users', provider: 'providers', request: 'requests' } as const

async function lockRows(trx: Trx, kind: keyof typeof TABLES, named: readonly string[]): Promise<void> {
  const ids = [...new Set(named)].sort()
  for (const id of ids) observer?.({ trx, kind, id })
  if (ids.length === 0 || !hasSeveralWriters(trx)) return
  await trx.selectFrom(TABLES[kind]).select('id').where('id', 'in', ids).orderBy('id').forNoKeyUpdate().execute()
}

async function lockNumber(trx: Trx, kind: keyof typeof NUMBERS): Promise<void> {
  observer?.({ trx, kind, id: '' })
  if (!hasSeveralWriters(trx)) return
  await sql`select pg_advisory_xact_lock(${NUMBERS_OF_OURS}, ${NUMBERS[kind]})`.execute(trx)
}

const hasSeveralWriters = (trx: Trx): boolean => trx.getExecutor().adapter instanceof PostgresAdapter

export interface TakenLock {
  /** The transaction that takes it. */
  trx: Trx
  kind: LockKind
  /** Empty where there is one for all. */
  id: string
}

let observer: ((lock: TakenLock) => void) | undefined

/** Tells tests of each lock before it is taken; what they throw is thrown in the transaction. Returns who was told before. */
export function observeLocks(listener: typeof observer): typeof observer {
  const before = observer
  observer = listener
  return before
}
