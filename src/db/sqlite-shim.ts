import type { DatabaseSync, StatementSync, SQLInputValue } from 'node:sqlite'
import { LRUCache } from 'lru-cache'
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import { exactRows, exactValues, isTooLarge } from './exact-numbers.ts'

const STATEMENTS_KEPT = 500

/**
 * Lets Kysely's SQLite dialect drive Node's own SQLite. Transactions begin `immediate`: a deferred one that reads
 * and then writes fails at once when another process has written in between, whatever the busy timeout.
 * `onCommit` is called after each statement that may have committed something, `onError` hears what a statement throws.
 */
export function createSqliteShim(
  database: DatabaseSync,
  onCommit: () => void,
  onError: (error: unknown) => void = () => undefined
): SqliteDatabase {
  const statements = new LRUCache<string, SqliteStatement>({ max: STATEMENTS_KEPT })
  return {
    close: () => database.close(),
    prepare: (sql) => {
      const text = sql === 'begin' ? 'begin immediate' : sql
      let statement = statements.get(text)
      if (!statement) {
        statement = shimStatement(database, database.prepare(text), { onCommit, onError })
        if (!CHANGES_SCHEMA.test(text)) statements.set(text, statement)
      }
      return statement
    }
  }
}

/** Asked once, when a folder is new or older: those of a new one would take 1.7 MB for as long as the program runs. */
const CHANGES_SCHEMA = /^\s*(?:create|drop|alter)\b/i

/** Statements that cannot commit anything; a `with` may, so it is not among them. */
const READS_ONLY = /^\s*(select|pragma|explain|begin|rollback|savepoint|release)\b/i

function shimStatement(
  database: DatabaseSync,
  statement: StatementSync,
  { onCommit, onError }: { onCommit: () => void; onError: (error: unknown) => void }
): SqliteStatement {
  const reader = statement.columns().length > 0
  const values = (parameters: readonly unknown[]) => exactValues(parameters) as SQLInputValue[]
  const readsOnly = READS_ONLY.test(statement.sourceSQL)
  // What writes and reads back cannot be run again when its answer turns out to be unreadable.
  statement.setReadBigInts(!readsOnly)
  const isRollback = statement.sourceSQL === 'rollback'
  const afterwards = () => {
    if (!readsOnly && !database.isTransaction) onCommit()
  }
  const heard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      onError(error)
      throw error
    }
  }
  const read = (parameters: readonly unknown[]): unknown[] => {
    if (!readsOnly) return exactRows(statement.all(...values(parameters)))
    try {
      return statement.all(...values(parameters))
    } catch (error) {
      if (!isTooLarge(error)) throw error
      // Nearly never: so the usual answer is read without looking at each of its numbers.
      statement.setReadBigInts(true)
      try {
        return exactRows(statement.all(...values(parameters)))
      } finally {
        statement.setReadBigInts(false)
      }
    }
  }
  return {
    reader,
    all: (parameters) => {
      const rows = heard(() => read(parameters))
      afterwards()
      return rows
    },
    run: (parameters) => {
      // A full or failing disk makes SQLite end the transaction by itself: why it did is what counts.
      if (isRollback && !database.isTransaction) return { changes: 0, lastInsertRowid: 0 }
      const result = heard(() => statement.run(...values(parameters)))
      afterwards()
      return { changes: Number(result.changes), lastInsertRowid: Number(result.lastInsertRowid) }
    },
    iterate: function* (parameters) {
      yield* read(parameters)
    }
  }
}
