import { expect, it } from 'vitest'
import { lorasIn, parseLoras, spellLoras } from './lora-text.ts'

it('keeps what was chosen as text, and reads it again', () => {
  const chosen = [
    { name: 'sub/film: two', weight: 0.8 },
    { name: 'ink', weight: -1 },
    { name: 'a, b: 50%, %2C and 100%25', weight: 1 }
  ]
  expect(parseLoras(spellLoras(chosen))).toEqual(chosen)
  expect(parseLoras('')).toEqual([])
  expect(parseLoras('ink, film:x, a:')).toEqual([
    { name: 'ink', weight: 1 },
    { name: 'film', weight: 1 },
    { name: 'a', weight: 1 }
  ])
})

it('takes from a request what is a list of LoRAs', () => {
  expect(lorasIn([{ name: 'ink', weight: 1 }])).toEqual([{ name: 'ink', weight: 1 }])
  expect([lorasIn('film'), lorasIn([null]), lorasIn([1]), lorasIn(undefined)]).toEqual([[], [], [], []])
})
