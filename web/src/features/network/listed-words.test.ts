import { expect, it } from 'vitest'
import { listedNote } from './listed-words.ts'

const members = [{ email: 'mara@example.org' }, { email: 'cy@example.org' }]

it('tells an admin of addresses that nobody has here, and of no others', () => {
  expect(listedNote(['nobody@example.org', 'Mara@Example.org', 'Cy'], members)).toBe(
    'Nobody here has nobody@example.org yet. It counts once somebody does.'
  )
  expect(listedNote(['a@x.org', 'b@x.org'], members)).toContain('Nobody here has a@x.org or b@x.org yet.')
  expect(listedNote(['mara@example.org'], members)).toBeNull()
})

it('tells others what an address is, whoever has it, so that nobody learns who is a member', () => {
  const note = listedNote(['nobody@example.org'], undefined)
  expect(note).toMatch(/whoever has it here, now or later/)
  expect(listedNote(['mara@example.org'], undefined)).toBe(note)
})

it('says nothing where people are chosen by name, or nobody is', () => {
  for (const listed of [[], ['Mara']]) {
    expect(listedNote(listed, members)).toBeNull()
    expect(listedNote(listed, undefined)).toBeNull()
  }
})
