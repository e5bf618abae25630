import { describe, expect, it } from 'vitest'
import { nextOrder, sortGroups } from './sort-groups.ts'

const group = (name: string, images: number) => ({
  name,
  key: name,
  images,
  requests: 1,
  megapixels: images,
  share: images / 10,
  series: 0
})
const GROUPS = [group('b10', 6), group('b2', 3), group('a', 1)]
const names = (...order: Parameters<typeof sortGroups>) => sortGroups(...order).map(({ name }) => name)

describe('sortGroups', () => {
  it('sorts by numbers and by names as people read them', () => {
    expect(names(GROUPS, { by: 'share', ascending: true })).toEqual(['a', 'b2', 'b10'])
    expect(names(GROUPS, { by: 'name', ascending: true })).toEqual(['a', 'b2', 'b10'])
    expect(names(GROUPS, { by: 'name', ascending: false })).toEqual(['b10', 'b2', 'a'])
  })

  it('leaves equal ones where they are', () => {
    expect(names(GROUPS, { by: 'requests', ascending: false })).toEqual(['b10', 'b2', 'a'])
  })
})

describe('nextOrder', () => {
  it('turns around the same column, and begins each column with what matters', () => {
    expect(nextOrder({ by: 'images', ascending: false }, 'images').ascending).toBe(true)
    expect(nextOrder({ by: 'images', ascending: true }, 'requests').ascending).toBe(false)
    expect(nextOrder({ by: 'images', ascending: false }, 'name').ascending).toBe(true)
  })
})
