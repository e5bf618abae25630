import { describe, expect, it } from 'vitest'
import { joinCsv } from './join-csv.ts'

describe('joinCsv', () => {
  it('keeps one heading', () => {
    expect(joinCsv(['a,b\r\n1,2\r\n', 'a,b\r\n', 'a,b\r\n3,4\r\n'])).toBe('a,b\r\n1,2\r\n3,4\r\n')
  })
})
