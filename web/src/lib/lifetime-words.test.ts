import { describe, expect, it } from 'vitest'
import { expiryWords, keptWords, lifetimeChoices } from './lifetime-words.ts'

const NOW = 1_700_000_000_000

describe('when a request goes', () => {
  it.each([
    [{ pinned: false, expiresIn: null, expiresAt: null }, undefined],
    [{ pinned: true, expiresIn: 60, expiresAt: null }, undefined],
    [{ pinned: false, expiresIn: 10_800, expiresAt: NOW + 10_800_000 }, 'Expires in 3 h'],
    [{ pinned: false, expiresIn: 60, expiresAt: NOW - 5 }, 'Expires now'],
    [{ pinned: false, expiresIn: 3600, expiresAt: null }, 'Kept for 1 h 0 min'],
    [{ pinned: false, expiresIn: 0, expiresAt: null }, 'Gone once delivered'],
    [{ pinned: false, expiresIn: 0, expiresAt: NOW + 7_200_000 }, 'Gone once delivered, in 2 h at the latest']
  ])('%j: %s', (request, words) => expect(expiryWords(request, NOW)).toBe(words))
})

it('the choices hold what was chosen elsewhere, once', () => {
  expect(lifetimeChoices('7200', 'As usual').at(-1)).toEqual({ value: '7200', label: '2 h 0 min' })
  expect(lifetimeChoices('3600', 'As usual').filter(({ value }) => value === '3600')).toHaveLength(1)
  expect(lifetimeChoices('', 'As usual')[0]).toEqual({ value: '', label: 'As usual' })
})

it('a choice is said among others', () => {
  const told = ['', '0', '604800', '7200'].map(keptWords)
  expect(told).toEqual(['', 'kept until delivered', 'kept for a week', 'kept for 2 h 0 min'])
})
