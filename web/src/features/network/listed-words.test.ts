import { expect, it } from 'vitest'
import { listedNote, whyNotYet } from './listed-words.ts'

const members = [
  { email: 'mara@example.org', isEmailVouched: true },
  { email: 'cy@example.org', isEmailVouched: false }
]

it.each([
  ['Mara@Example.org', null],
  ['nobody@example.org', 'does not count yet: nobody here has it'],
  ['Cy@example.org', 'does not count yet: whoever has it here typed it in, and nobody vouched for it'],
  ['Cy', null]
])('tells an admin of %s whether it counts', (listed, why) => {
  expect(whyNotYet(listed, members)).toBe(why)
})

it('tells others when an address counts and what they can do for whoever is turned away', () => {
  const note = listedNote(['nobody@example.org'])
  expect(note).toMatch(/not while they only typed it in, as whoever made the first account did/)
  expect(note).toMatch(/choose people by name under “Change whom it serves”: they count at once/)
})

it('tells others what an address is, whoever has it, so that nobody learns who is a member', () => {
  const note = listedNote(['nobody@example.org'])
  expect(note).toMatch(/whoever has it here, now or later/)
  expect(listedNote(['mara@example.org', 'Cy'])).toBe(note)
  for (const listed of [[], ['Mara']]) expect(listedNote(listed)).toBeNull()
})
