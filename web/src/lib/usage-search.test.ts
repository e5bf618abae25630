import { describe, expect, it } from 'vitest'
import { parseUsageSearch } from './usage-search.ts'

describe('parseUsageSearch', () => {
  it('takes what counts', () => {
    const search = { range: 'custom', from: '2026-01-02', to: '2026-02-28', by: 'key', owner: 'all', sort: 'name' }
    expect(parseUsageSearch({ ...search, ascending: true })).toEqual({ ...search, ascending: true })
  })

  it('names everything else as undefined', () => {
    const wrong = {
      range: 'ever',
      from: '2026-13-01',
      to: 20260101,
      by: 'size',
      owner: 'own',
      sort: 'key',
      ascending: 1
    }
    const nothing = Object.fromEntries(Object.keys(wrong).map((name) => [name, undefined]))
    expect(parseUsageSearch({ ...wrong, more: 'x' })).toStrictEqual(nothing)
  })
})
