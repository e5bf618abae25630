import { describe, expect, it } from 'vitest'
import { matchesPerson } from './member-words.ts'

const ADA = { name: 'Ada Lovelace', email: 'ada@example.org' }

describe('matchesPerson', () => {
  it('finds words of the name and the address, in any case', () => {
    expect(matchesPerson(ADA, 'love EXAMPLE')).toBe(true)
    expect(matchesPerson(ADA, 'ada ben')).toBe(false)
    expect(matchesPerson(ADA, '')).toBe(true)
  })
})
