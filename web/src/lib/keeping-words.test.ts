import { describe, expect, it } from 'vitest'
import { clubKeepsWords, keepingWords, keptFor } from './keeping-words.ts'

const DAY_MS = 86_400_000

describe('keptFor', () => {
  it.each([
    [DAY_MS, 'a day'],
    [30 * DAY_MS, '30 days'],
    [3_600_000, 'an hour'],
    [36 * 3_600_000, '36 hours'],
    [5_400_000, '1.5 hours']
  ])('%i ms is %s', (ms, words) => expect(keptFor(ms)).toBe(words))
})

it('tells what the club keeps, if it does not keep everything', () => {
  expect(clubKeepsWords({ ms: null, bytes: null })).toBeUndefined()
  expect(clubKeepsWords({ ms: DAY_MS, bytes: 20e9 })).toBe('for a day and up to 20 GB of each person’s')
})

it('names the rule by which images went: the stricter one', () => {
  const tell = (ms: number | null, bytes: number | null, keepDays: number | null, keepBytes: number | null) =>
    keepingWords({ clubKeeps: { ms, bytes }, keepDays, keepBytes })
  expect(tell(DAY_MS, null, null, null)).toBe('The club keeps images for a day; older ones are gone.')
  expect(tell(DAY_MS, 1e9, 7, null)).toBe('The club keeps images for a day; older ones are gone.')
  expect(tell(30 * DAY_MS, null, 7, null)).toBe('By your account images are kept for 7 days; older ones are gone.')
  expect(tell(null, 1e9, null, 2e9)).toBe('In this club your images may take 1 GB; the oldest beyond that are gone.')
  expect(tell(null, null, null, 2e9)).toMatch(/^By your account your images may take 2 GB/)
  expect(tell(null, null, null, null)).toBeUndefined()
})
