import { LRUCache } from 'lru-cache'

/**
 * `answer`, which says the same of the same text each time, with what it said of so many texts that it was asked for last. What it
 * throws is not kept.
 */
export function keepAnswers<Answer extends NonNullable<unknown>>(
  most: number,
  answer: (text: string) => Answer
): (text: string) => Answer {
  const kept = new LRUCache<string, Answer>({ max: most })
  return (text) => {
    const known = kept.get(text)
    if (known !== undefined) return known
    const found = answer(text)
    kept.set(text, found)
    return found
  }
}
