import { describe, expect, it } from 'vitest'
import { gramsOf, hasWords, indexedText, searchWords } from './match-words.ts'

const finds = (query: string, text: string): boolean => hasWords(text, searchWords(query))

/** Whether an index does not rule it out. */
const mayFind = (query: string, text: string): boolean => {
  const told = [...indexedText(text)]
  const grams = new Set(told.slice(2).map((_, at) => told.slice(at, at + 3).join('')))
  return gramsOf(searchWords(query)).every((gram) => grams.has(gram))
}

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
  ])('%j finds %j, and so does an index', (query, text) => {
    expect(finds(query, text)).toBe(true)
    expect(mayFind(query, text)).toBe(true)
  })

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

describe('the grams of a search', () => {
  it.each([
    ['fox', ['FOX']],
    ['foxes', ['FOX', 'OXE', 'XES']],
    ['fox ox', ['FOX']],
    ['ox', []],
    ['é1', []],
    ['狐', ['狐狐狐']],
    ['赤い', ['赤赤赤', '赤赤い', '赤いい', 'いいい']],
    ['🦊', ['🦊🦊🦊']],
    ['a🦊', ['A🦊🦊', '🦊🦊🦊']],
    ['foxfox', ['FOX', 'OXF', 'XFO']],
    ['', []]
  ])('%j are %j', (query, grams) => expect(gramsOf(searchWords(query))).toEqual(grams))

  it('are as many as are worth it, from all over it', () => {
    const letters = Array.from({ length: 26 }, (_, at) => String.fromCodePoint(65 + at)).join('')
    expect(gramsOf([letters])).toHaveLength(24)
    const grams = gramsOf(searchWords(`${letters} 0123456789 ${'狐'.repeat(100)}`))
    expect(grams).toHaveLength(24)
    expect(grams).toContain('ABC')
    expect(grams.filter((gram) => /^\d+$/.test(gram)).length).toBeGreaterThan(3)
    expect(gramsOf([letters.slice(0, 25)])).toHaveLength(23)
  })

  it('do not miss what has a character that ends texts in C', () => {
    expect(mayFind('fox\0owl', 'a fox\0owl')).toBe(true)
    expect(indexedText('a\0b')).toBe('A B')
  })
})
