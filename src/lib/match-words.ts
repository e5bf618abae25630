/** The words of a search, as `hasWords` compares them: without order, and without regard to case. */
export const searchWords = (text: string): string[] =>
  [...new Set(fold(text).split(/\s+/))].filter((word) => word !== '')

/** Whether a text holds each of the `searchWords`, also within a word. */
export function hasWords(text: string, words: readonly string[]): boolean {
  const folded = fold(text)
  return words.every((word) => folded.includes(word))
}

/**
 * Upper case, because it does not depend on where in a word a letter is and unites what lower case keeps apart (ς and
 * σ, ß and ss); composed, because some keyboards send letters and their accents one by one.
 */
const fold = (text: string): string => text.normalize('NFC').toUpperCase()
