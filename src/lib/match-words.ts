/** The words of a search, as `hasWords` compares them: without order, and without regard to case. */
export const searchWords = (text: string): string[] =>
  [...new Set(fold(text).split(/\s+/))].filter((word) => word !== '')

/** Whether a text holds each of the `searchWords`, also within a word. */
export function hasWords(text: string, words: readonly string[]): boolean {
  const folded = fold(text)
  return words.every((word) => folded.includes(word))
}

/** A gram, the unit of an index of texts: so many characters. */
const GRAM = 3
/** So many of a search are looked up: what the others would sort out is next to nothing. */
const MOST_GRAMS = 24

/**
 * What an index of grams is told of a text. Writing without space between words, and pictures, are told thrice each
 * character, so that a single one is a gram.
 */
export const indexedText = (text: string): string => spread(fold(text)).replaceAll('\0', ' ')

/**
 * Grams that are in the `indexedText` of each text that has these `searchWords`; none when the words are too short to be found
 * by them.
 */
export function gramsOf(words: readonly string[]): string[] {
  const grams = words.flatMap((word) => {
    const characters = [...spread(word)]
    return characters.slice(GRAM - 1).map((_, at) => characters.slice(at, at + GRAM).join(''))
  })
  const wanted = [...new Set(grams)].filter((gram) => !gram.includes('\0'))
  const step = Math.max(1, wanted.length / MOST_GRAMS)
  return Array.from({ length: Math.min(wanted.length, MOST_GRAMS) }, (_, at) => wanted[Math.floor(at * step)] ?? '')
}

const spread = (folded: string): string =>
  folded.replace(/[\p{Lo}\p{Extended_Pictographic}]/gu, (character) => character.repeat(GRAM))

/**
 * Upper case, because it does not depend on where in a word a letter is and unites what lower case keeps apart (ς and
 * σ, ß and ss); composed, because some keyboards send letters and their accents one by one.
 */
const fold = (text: string): string => text.normalize('NFC').toUpperCase()
