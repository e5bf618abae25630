import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Db } from './database.ts'
import { createSqliteKysely } from './sqlite-kysely.ts'
import { createSqliteShim } from './sqlite-shim.ts'

let db: Db
beforeEach(async () => {
  const sqlite = new DatabaseSync(':memory:')
  sqlite.exec('create table settings (name text primary key, value text, changed_at, changed_by)')
  db = await createSqliteKysely(createSqliteShim(sqlite, () => undefined))
})
afterEach(() => db.destroy())

const set = (name: string, on = db) =>
  on.insertInto('settings').values({ name, value: name, changed_at: 1, changed_by: 'x' }).execute()
const names = async (on = db) => (await on.selectFrom('settings').select('name').execute()).map(({ name }) => name)

describe('the one connection', () => {
  it('is a transaction’s until it ends: nobody sees what may be undone, nor writes into it', async () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
    const undone = db.transaction().execute(async (trx) => {
      await set('undone', trx)
      await held
      expect(await names(trx)).toEqual(['undone'])
      throw new Error('undo')
    })
    const seen = names()
    const written = set('kept')
    letGo()
    await expect(undone).rejects.toThrow('undo')
    expect(await seen).toEqual([])
    await written
    expect(await names()).toEqual(['kept'])
  })

  it('is had in the order of asking', async () => {
    const write = (name: string) => db.transaction().execute((trx) => set(name, trx))
    const [, , two, , three] = await Promise.all([write('1'), write('2'), names(), write('3'), names()])
    expect(two).toEqual(['1', '2'])
    expect(three).toEqual(['1', '2', '3'])
  })

  it('is free again after what failed', async () => {
    await set('a')
    await expect(set('a')).rejects.toThrow('UNIQUE')
    await expect(db.transaction().execute((trx) => set('a', trx))).rejects.toThrow('UNIQUE')
    await expect(db.transaction().execute(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await names()).toEqual(['a'])
  })
})

it('refuses what comes after the end of a transaction, and after its own', async () => {
  const trx = await db.transaction().execute(async (one) => Promise.resolve({ one }))
  await expect(set('late', trx.one)).rejects.toThrow('already committed')
  expect(await names()).toEqual([])
  const closed = await createSqliteKysely(createSqliteShim(new DatabaseSync(':memory:'), () => undefined))
  await closed.destroy()
  await expect(names(closed)).rejects.toThrow('closed')
  await expect(closed.transaction().execute(() => Promise.resolve())).rejects.toThrow('closed')
})

it('tells how many rows were changed', async () => {
  await set('a')
  const change = () => db.updateTable('settings').set({ value: 'b' }).executeTakeFirst()
  expect(await change()).toMatchObject({ numUpdatedRows: 1n })
  expect(await db.transaction().execute((trx) => trx.deleteFrom('settings').executeTakeFirst())).toMatchObject({
    numDeletedRows: 1n
  })
  expect(await change()).toMatchObject({ numUpdatedRows: 0n })
})

it('shows plugins every query, in transactions too', async () => {
  const seen: string[] = []
  const watched = db.withPlugin({
    transformQuery: ({ node }) => {
      seen.push(node.kind)
      return node
    },
    transformResult: ({ result }) => Promise.resolve({ ...result, rows: [...result.rows, { name: 'of the plugin' }] })
  })
  expect(await names(watched)).toEqual(['of the plugin'])
  await watched.transaction().execute(async (trx) => {
    await set('a', trx)
    expect(await names(trx)).toEqual(['a', 'of the plugin'])
  })
  expect(seen).toEqual(['SelectQueryNode', 'InsertQueryNode', 'SelectQueryNode'])
})
