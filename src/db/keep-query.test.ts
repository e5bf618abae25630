import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../tests/support/open-test-database.ts'
import { keepQuery } from './keep-query.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

describe('a kept query', () => {
  it('is made once, and runs with the values of each call, also in a transaction', async () => {
    let made = 0
    const change = keepQuery((db, { name, value }: { name: string; value: string }) => {
      made += 1
      return db
        .insertInto('settings')
        .values({ name, value, changed_at: 1, changed_by: 'usr_x' })
        .onConflict((of) => of.column('name').doUpdateSet({ value }))
        .returning(['name', 'value'])
    })
    const { db } = database
    expect((await change(db, { name: 'a', value: '1' })).rows).toEqual([{ name: 'a', value: '1' }])
    await db.transaction().execute(async (trx) => {
      expect((await change(trx, { name: 'a', value: '2' })).rows).toEqual([{ name: 'a', value: '2' }])
      expect((await change(trx, { name: 'b', value: '3' })).rows).toEqual([{ name: 'b', value: '3' }])
    })
    expect(made).toBe(1)
  })

  it('is made anew where other values are given, or more of them', async () => {
    let made = 0
    const names = keepQuery((db, { among, value }: { among: string[]; value?: string | undefined }) => {
      made += 1
      return db
        .selectFrom('settings')
        .select('name')
        .where('name', 'in', among)
        .$if(value !== undefined, (q) => q.where('value', '=', value ?? ''))
        .orderBy('name')
    })
    const find = async (values: Parameters<typeof names>[1]) =>
      (await names(database.db, values)).rows.map(({ name }) => name)
    expect(await find({ among: ['a'] })).toEqual(['a'])
    expect(await find({ among: ['b'], value: undefined })).toEqual(['b'])
    expect(made).toBe(1)
    expect(await find({ among: ['a', 'b'] })).toEqual(['a', 'b'])
    expect(await find({ among: ['b', 'c'] })).toEqual(['b'])
    expect(made).toBe(2)
    expect(await find({ among: ['a', 'b'], value: '3' })).toEqual(['b'])
    expect(await find({ among: ['a', 'b'], value: '2' })).toEqual(['a'])
    expect(made).toBe(3)
  })

  it('tells how many rows it has changed', async () => {
    const rename = keepQuery((db, { from, to }: { from: string; to: string }) =>
      db.updateTable('settings').set({ value: to }).where('name', '=', from)
    )
    expect((await rename(database.db, { from: 'a', to: 'z' })).numAffectedRows).toBe(1n)
    expect((await rename(database.db, { from: 'no', to: 'z' })).numAffectedRows).toBe(0n)
  })

  it('cannot be made of what its values are', () => {
    const later = keepQuery((db, { at }: { at: number }) =>
      db
        .selectFrom('settings')
        .select('name')
        .where('changed_at', '>', at + 1)
    )
    expect(() => later(database.db, { at: 1 })).toThrow('must not depend')
    const named = keepQuery((db, { name }: { name: string }) =>
      db.selectFrom('settings').select('name').where('name', '=', `${name}!`)
    )
    expect(() => named(database.db, { name: 'a' })).toThrow('must not depend')
  })

  it('is not kept with more than 250 values', async () => {
    let made = 0
    const names = keepQuery((db, among: string[]) => {
      made += 1
      return db.selectFrom('settings').select('name').where('name', 'in', among)
    })
    await database.db
      .insertInto('settings')
      .values({ name: 'last', value: '', changed_at: 1, changed_by: 'usr_x' })
      .execute()
    for (const length of [249, 249, 250, 250]) {
      expect((await names(database.db, [...Array<string>(length).fill('no'), 'last'])).rows).toEqual([{ name: 'last' }])
    }
    expect(made).toBe(1 + 2)
  })

  it('keeps a limited number of shapes', async () => {
    let made = 0
    const names = keepQuery((db, among: string[]) => {
      made += 1
      return db.selectFrom('settings').select('name').where('name', 'in', among)
    })
    for (let round = 0; round < 2; round += 1) {
      for (let length = 1; length <= 60; length += 1) await names(database.db, Array<string>(length).fill('a'))
    }
    expect(made).toBe(60 + 10)
  })
})
