import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler
} from 'kysely'
import { describe, expect, it } from 'vitest'
import type { Trx } from './database.ts'
import {
  LOCK_ORDER,
  lockInstallation,
  lockOffers,
  lockPerson,
  lockProvider,
  lockQueue,
  lockRequest,
  lockSettings
} from './locks.ts'
import type { Tables } from './tables.ts'

const DIALECTS = {
  postgres: { adapter: PostgresAdapter, compiler: PostgresQueryCompiler, introspector: PostgresIntrospector },
  sqlite: { adapter: SqliteAdapter, compiler: SqliteQueryCompiler, introspector: SqliteIntrospector }
}

/** What is said to a database of this dialect within a transaction. */
async function saidTo(dialect: keyof typeof DIALECTS, work: (trx: Trx) => Promise<void>): Promise<CompiledQuery[]> {
  const { adapter, compiler, introspector } = DIALECTS[dialect]
  const said: CompiledQuery[] = []
  class Listening extends DummyDriver {
    override async acquireConnection(): Promise<DatabaseConnection> {
      return {
        executeQuery: async (query) => {
          said.push(query)
          return { rows: [] }
        },
        streamQuery: () => {
          throw new Error('nothing is streamed here')
        }
      }
    }
  }
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new adapter(),
      createDriver: () => new Listening(),
      createIntrospector: (db) => new introspector(db),
      createQueryCompiler: () => new compiler()
    }
  })
  await db.transaction().execute(work)
  return said
}

const LOCKS: Record<(typeof LOCK_ORDER)[number], (trx: Trx) => Promise<void>> = {
  installation: lockInstallation,
  person: (trx) => lockPerson(trx, 'usr_a'),
  offers: lockOffers,
  provider: (trx) => lockProvider(trx, 'prv_b', 'prv_a', 'prv_b'),
  request: (trx) => lockRequest(trx, 'req_a'),
  queue: lockQueue,
  settings: lockSettings
}
const all = async (trx: Trx) => {
  for (const kind of LOCK_ORDER) await LOCKS[kind](trx)
}

describe('locks', () => {
  it('say nothing to SQLite, which has one writer', async () => {
    expect(await saidTo('sqlite', all)).toEqual([])
  })

  it('lock rows but not their keys, and numbers where there is no row, in PostgreSQL', async () => {
    const said = await saidTo('postgres', all)
    const rows = (table: string, places: string) =>
      `select "id" from "${table}" where "id" in (${places}) order by "id" for no key update`
    const number = 'select pg_advisory_xact_lock($1, $2)'
    expect(said.map(({ sql, parameters }) => [sql, parameters])).toEqual([
      [number, [0x1c1b, 1]],
      [rows('users', '$1'), ['usr_a']],
      [number, [0x1c1b, 2]],
      [rows('providers', '$1, $2'), ['prv_a', 'prv_b']],
      [rows('requests', '$1'), ['req_a']],
      [number, [0x1c1b, 3]],
      [number, [0x1c1b, 4]]
    ])
  })

  it('of no rows ask nothing', async () => {
    expect(await saidTo('postgres', (trx) => lockRequest(trx))).toEqual([])
  })

  it.each([
    ['in another order', async (trx: Trx) => lockRequest(trx, 'a').then(() => lockPerson(trx, 'b'))],
    [
      'of one kind, against the order of their ids',
      async (trx: Trx) => lockPerson(trx, 'b').then(() => lockPerson(trx, 'a'))
    ]
  ])('taken %s make tests fail', async (_, work) => {
    await expect(saidTo('sqlite', work)).rejects.toThrow("is taken after '")
  })

  it('may be taken again by who holds them', async () => {
    await saidTo('sqlite', async (trx) => {
      await lockPerson(trx, 'b')
      await lockRequest(trx, 'a')
      await lockPerson(trx, 'b')
    })
  })
})
