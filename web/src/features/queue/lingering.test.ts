import { describe, expect, it } from 'vitest'
import { mergeLeaving } from './lingering.ts'

const items = (...ids: string[]) => ids.map((id) => ({ id }))
const read = (list: { item: { id: string }; leaving: boolean }[]) =>
  list.map(({ item, leaving }) => (leaving ? `(${item.id})` : item.id)).join(' ')
const merge = (before: string[], after: string[], elsewhere: string[] = []) =>
  read(mergeLeaving(mergeLeaving([], items(...before), []), items(...after), items(...elsewhere)))

describe('mergeLeaving', () => {
  it('shows all at first', () => expect(read(mergeLeaving([], items('a', 'b'), []))).toBe('a b'))
  it('keeps what has gone in its place', () => expect(merge(['a', 'b', 'c'], ['a', 'c', 'd'])).toBe('a (b) c d'))
  it('keeps the first and the last', () => expect(merge(['a', 'b', 'c'], ['b'])).toBe('(a) b (c)'))
  it('keeps neighbours that go together in their order', () => {
    expect(merge(['a', 'b', 'c', 'd'], ['a', 'd'])).toBe('a (b) (c) d')
  })
  it('keeps all when everything goes', () => expect(merge(['a', 'b'], [])).toBe('(a) (b)'))
  it('drops at once what is shown in another list now: nothing is in both', () => {
    expect(merge(['a', 'b', 'c'], ['c'], ['a'])).toBe('(b) c')
    const leaving = mergeLeaving(mergeLeaving([], items('a', 'b'), []), items('b'), [])
    expect(read(mergeLeaving(leaving, items('b'), items('a')))).toBe('b')
  })
  it('lets what comes back stay', () => {
    const leaving = mergeLeaving(mergeLeaving([], items('a', 'b'), []), items('a'), [])
    expect(read(mergeLeaving(leaving, items('a', 'b'), []))).toBe('a b')
  })
})
