import {
  type AbortableQueryOptions,
  type CompiledQuery,
  type ConnectionProvider,
  DefaultConnectionProvider,
  DefaultQueryExecutor,
  type DialectAdapter,
  Kysely,
  type QueryCompiler,
  type QueryResult,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver
} from 'kysely'
import type { Tables } from './tables.ts'

/**
 * Kysely on one connection to SQLite, which answers at once: nobody need wait for anything but their turn at it. What Kysely
 * does for databases that are elsewhere, a dozen promises for each query, takes longer than most answers. Queries that a plugin
 * is to see, or that may be aborted, go its way.
 */
export async function createSqliteKysely(database: SqliteDatabase): Promise<Kysely<Tables>> {
  const dialect = new SqliteDialect({ database })
  const turns = new Turns()
  const driver = new DriverInTurns(database, turns)
  await driver.init()
  const [compiler, adapter] = [dialect.createQueryCompiler(), dialect.createAdapter()]
  const provider = new DefaultConnectionProvider(driver)
  const executor = new Executor({ compiler, adapter, database, turns, provider })
  return new Kysely<Tables>({ config: { dialect }, dialect, driver, executor })
}

/** Who has the connection: one transaction or query at a time, in the order in which they came. */
class Turns {
  readonly #waiting: (() => void)[] = []
  #isTaken = false
  #isOver = false

  /** Whoever has had their turn calls `free`. Undefined: it is the caller's turn at once. */
  take(): Promise<void> | undefined {
    if (this.#isOver) throw new Error('The database is closed.')
    if (this.#isTaken) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#isTaken = true
    return undefined
  }

  free(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#isTaken = false
  }

  end(): void {
    this.#isOver = true
  }
}

class DriverInTurns extends SqliteDriver {
  readonly #turns: Turns

  constructor(database: SqliteDatabase, turns: Turns) {
    super({ database })
    this.#turns = turns
  }

  override async acquireConnection() {
    await this.#turns.take()
    return super.acquireConnection()
  }

  override async releaseConnection() {
    await super.releaseConnection()
    this.#turns.free()
  }

  override destroy() {
    this.#turns.end()
    return super.destroy()
  }
}

interface ExecutorParts {
  /** The same for all: to make one takes longer than a transaction's begin and commit. It compiles one query at a time, at once. */
  compiler: QueryCompiler
  adapter: DialectAdapter
  database: SqliteDatabase
  provider: ConnectionProvider
  /** Absent: the connection is held already, by a transaction. */
  turns?: Turns
}

class Executor extends DefaultQueryExecutor {
  readonly #parts: ExecutorParts

  constructor(parts: ExecutorParts) {
    super(parts.compiler, parts.adapter, parts.provider)
    this.#parts = parts
  }

  override async executeQuery<Row>(query: CompiledQuery, options?: AbortableQueryOptions): Promise<QueryResult<Row>> {
    if (options?.signal) return super.executeQuery(query, options)
    const { database, turns } = this.#parts
    const turn = turns?.take()
    if (turn) await turn
    try {
      return ask(database, query)
    } finally {
      turns?.free()
    }
  }

  /** Kysely asks for it once for a transaction, and with a guard against later use once for each of its queries. */
  override withConnectionProvider(provider: ConnectionProvider): DefaultQueryExecutor {
    const { turns, ...parts } = this.#parts
    return turns ? new Executor({ ...parts, provider }) : this
  }
}

/** What Kysely's own driver makes of an answer. */
function ask<Row>(database: SqliteDatabase, { sql, parameters }: CompiledQuery): QueryResult<Row> {
  const statement = database.prepare(sql)
  if (statement.reader) return { rows: statement.all(parameters) as Row[] }
  const { changes, lastInsertRowid } = statement.run(parameters)
  return { insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes), rows: [] }
}
