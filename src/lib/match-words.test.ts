import { describe, expect, it } from 'vitest'
import { hasWords, searchWords } from './match-words.ts'

const finds = (query: string, text: string): boolean => hasWords(text, searchWords(query))

describe('a search for words', () => {
  it.each([
    ['fox', 'A Red FOX'],
    ['FOX red', 'A Red Fox'],
    ['ox', 'foxes'],
    ['  fox\t\n red ', 'red fox'],
    ['äpfel', 'Drei ÄPFEL'],
    ['ÄPFEL', 'drei äpfel'],
    ['Лиса', 'рыжая ЛИСА'],
    ['λόγος', 'ΛΌΓΟΣ'],
    ['οδοσ', 'οδος'],
    ['strasse', 'Straße'],
    ['100%', 'fully 100% wool'],
    ['a_b', 'a_b'],
    ['\\', 'back\\slash'],
    ["it's", "It's"],
    ['狐', '赤い狐'],
    ['🦊', 'a 🦊 fox'],
    ['é', 'cafe\u0301'],
    ['e\u0301', 'café']
  ])('%j finds %j', (query, text) => expect(finds(query, text)).toBe(true))

  it.each([
    ['fox owl', 'a fox'],
    ['a%c', 'abc'],
    ['a_c', 'abc'],
    ['%', 'per cent'],
    ['_', 'under score'],
    ['*', 'star'],
    ['apfel', 'Äpfel'],
    ['fox', '']
  ])('%j does not find %j', (query, text) => expect(finds(query, text)).toBe(false))

  it('for nothing but space finds everything', () => {
    expect(searchWords(' \t\n')).toEqual([])
    expect(finds(' ', '')).toBe(true)
  })

  it('looks for a word once', () => expect(searchWords('fox Fox FOX owl')).toEqual(['FOX', 'OWL']))
})
