import { expect, it } from 'vitest'
import { escapeMarks } from './logger.ts'

it('escapes what would do something on a terminal, and the line stays the same JSON', () => {
  const said = { text: 'a\u202eb\x9b2Jc\u2028d\x7f', fine: 'Größe 🦊' }
  const line = escapeMarks(JSON.stringify(said))
  expect(line).toMatch(/^[^\x7f-\x9f\u202e\u2028]*$/)
  expect(line).toContain('Größe 🦊')
  expect(JSON.parse(line)).toEqual(said)
})
