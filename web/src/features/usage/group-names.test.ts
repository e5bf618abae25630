import { describe, expect, it } from 'vitest'
import { groupNames } from './group-names.ts'

const KNOWN = {
  filters: {
    models: ['demo'],
    providers: [{ id: 'prov_1', name: 'attic' }],
    owners: [{ id: 'usr_1', name: 'Ada' }]
  },
  keys: [{ id: 'key_1', name: 'notebook' }]
}

describe('groupNames', () => {
  it.each([
    ['model', 'demo', 'demo'],
    ['key', 'key_1', 'notebook'],
    ['key', 'dashboard', 'This dashboard'],
    ['provider', 'prov_1', 'attic'],
    ['person', 'usr_1', 'Ada'],
    ['kind', 'image.edit', 'Edits'],
    ['key', 'key_gone', 'key_gone'],
    ['model', 'dashboard', 'dashboard']
  ] as const)('calls the %s %s %s', (by, key, name) => {
    expect(groupNames(by, KNOWN)(key)).toBe(name)
  })

  it('has ids until the names are known', () => {
    expect(groupNames('provider', { filters: undefined, keys: undefined })('prov_1')).toBe('prov_1')
  })
})
