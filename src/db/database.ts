import type { Kysely, Transaction } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Fault } from '../lib/fault.ts'
import type { Bell } from './bell.ts'
import type { Tables } from './tables.ts'

export type Db = Kysely<Tables>
export type Trx = Transaction<Tables>

/** One open database, whichever engine is behind it. */
export interface Database {
  readonly db: Db
  /** The clock that leases are measured with; with several gateways it is the database's. */
  readonly clock: Clock
  /** When this process opened it, UTC milliseconds by that clock. */
  readonly openedAt: number
  readonly bell: Bell
  /**
   * Resolves when everything committed so far survives a power cut. Every reply that promises something waits for
   * it. Never rejects: when the disk refuses, the process is stopped, because what it holds is no longer true.
   */
  durable(): Promise<void>
  /**
   * Of an error of the database that a later retry may not meet: `storage` when its disk is full, failing or read-only,
   * `database` when it is busy or cannot be reached.
   */
  findFault(error: unknown): Fault | undefined
  /** When such an error came last, UTC milliseconds by the clock of that time; undefined while none has. */
  refusedAt(): number | undefined
  /** Bytes on disk, with what waits to be merged into it. */
  size(): Promise<number>
  /** Bytes of what waits to be merged into it. */
  logSize(): Promise<number>
  /** Bytes that may still be written; null when that cannot be told. */
  freeBytes(): Promise<number | null>
  /** Throws when its files are not where they were opened any more: what is written then is lost with the process. */
  requireInPlace(): Promise<void>
  close(): Promise<void>
}
