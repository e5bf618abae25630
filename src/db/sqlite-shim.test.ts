import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import { createSqliteShim } from './sqlite-shim.ts'

let sqlite: DatabaseSync
let shim: SqliteDatabase
beforeEach(() => {
  sqlite = new DatabaseSync(':memory:')
  sqlite.exec('create table t (id integer primary key, a bigint, b text)')
  shim = createSqliteShim(sqlite, () => undefined)
})
afterEach(() => shim.close())

const ask = (sql: string, ...parameters: unknown[]) => (shim.prepare(sql) as SqliteStatement).all(parameters)
const tell = (sql: string, ...parameters: unknown[]) => (shim.prepare(sql) as SqliteStatement).run(parameters)

const MOST = Number.MAX_SAFE_INTEGER

it('reads every row there may be, whatever another program wrote into it', () => {
  sqlite.exec(
    "insert into t values (1, 5, 'x'), (2, 9007199254740994, 'y'), (3, -9223372036854775808, 'z'), (4, 1e300, 'r')"
  )
  const rows = [
    { id: 1, a: 5, b: 'x' },
    { id: 2, a: MOST, b: 'y' },
    { id: 3, a: -MOST, b: 'z' },
    { id: 4, a: 1e300, b: 'r' }
  ]
  // Twice: the same statement serves again.
  for (const _ of [1, 2]) expect(ask('select * from t order by id')).toEqual(rows)
  expect(ask('select * from t where id = ?', 1)).toEqual([rows[0]])
  expect(ask('with w as (select * from t) select a from w where id = 2')).toEqual([{ a: MOST }])
})

it('reads back what it changes, once', () => {
  sqlite.exec("insert into t values (1, 9007199254740994, 'x')")
  expect(ask('update t set a = a + 2 returning id, a, b')).toEqual([{ id: 1, a: MOST, b: 'x' }])
  expect(sqlite.prepare('select cast(a as text) as a from t').get()).toEqual({ a: '9007199254740996' })
})

it.each([
  [2 ** 53, MOST],
  [2 ** 60, MOST],
  [-(2 ** 53), -MOST],
  [1e300, MOST],
  [2n ** 62n, MOST],
  [MOST, MOST],
  [1.5, 1.5],
  [0, 0]
])('writes %s as %s, which everybody can read', (given, written) => {
  expect(tell('insert into t (id, a) values (1, ?)', given)).toMatchObject({ changes: 1, lastInsertRowid: 1 })
  expect(sqlite.prepare('select a from t').get()).toEqual({ a: written })
})

it('tells every other error as it is', () => {
  expect(() => ask('select abs(-9223372036854775808)')).toThrow('integer overflow')
})

it('keeps what is asked again and again, and not what makes a table', () => {
  const isKept = (sql: string) => shim.prepare(sql) === shim.prepare(sql)
  expect(isKept('select 1')).toBe(true)
  for (const sql of ['create table if not exists u (a)', 'drop table if exists u', ' ALTER table t add column c'])
    expect(isKept(sql)).toBe(false)
})
