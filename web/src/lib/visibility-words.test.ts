import { describe, expect, it } from 'vitest'
import { choicesBeside, isSealed, VISIBILITY_CHOICES } from './visibility-words.ts'

describe('the choices beside open share links', () => {
  const details = (links: number) => new Map(choicesBeside(links).map(({ value, detail }) => [value, detail]))

  it('are the usual ones without any', () => expect(choicesBeside(0)).toEqual(VISIBILITY_CHOICES))

  it('never say that somebody is kept out who is not', () => {
    expect(details(1).get('SECRET')).toContain('1 share link is open: whoever has it sees the images.')
    expect(details(1).get('SECRET')).not.toContain('You alone')
    expect(details(2).get('PRIVATE')).toContain('2 share links are open: whoever has one sees the images.')
    expect(details(2).get('PUBLIC')).toBe(details(0).get('PUBLIC'))
  })
})

it.each([
  ['SECRET', 'admin', true],
  ['SECRET', 'owner', false],
  ['PRIVATE', 'admin', false]
] as const)('what is %s is sealed for its %s: %s', (visibility, id, sealed) => {
  expect(isSealed({ visibility, owner: { id: 'owner' } }, { id })).toBe(sealed)
})
