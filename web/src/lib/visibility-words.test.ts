import { expect, it } from 'vitest'
import { CHOICES_BESIDE_LINKS, isSealed, VISIBILITY_CHOICES } from './visibility-words.ts'

it('says beside open share links who else sees what is not open to everybody', () => {
  const told = CHOICES_BESIDE_LINKS.filter(({ detail }) => detail.includes('and whoever has a share link'))
  expect(told.map(({ value }) => value)).toEqual(['PRIVATE', 'SECRET'])
  expect(CHOICES_BESIDE_LINKS.slice(0, 2)).toEqual(VISIBILITY_CHOICES.slice(0, 2))
})

it.each([
  ['SECRET', 'admin', true],
  ['SECRET', 'owner', false],
  ['PRIVATE', 'admin', false]
] as const)('what is %s is sealed for its %s: %s', (visibility, id, sealed) => {
  expect(isSealed({ visibility, owner: { id: 'owner' } }, { id })).toBe(sealed)
})
