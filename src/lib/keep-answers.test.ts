import { expect, it } from 'vitest'
import { keepAnswers } from './keep-answers.ts'

it('asks once for each of the texts it was asked for last', () => {
  const asked: string[] = []
  const lengthOf = keepAnswers(2, (text) => {
    asked.push(text)
    return text.length
  })
  for (const text of ['', 'a', '', 'a', 'bc', 'a', '']) expect(lengthOf(text)).toBe(text.length)
  expect(asked).toEqual(['', 'a', 'bc', ''])
})

it('asks again for what could not be answered', () => {
  let isBroken = true
  const answer = keepAnswers(2, (text) => {
    if (isBroken) throw new Error('broken')
    return text
  })
  expect(() => answer('a')).toThrow('broken')
  isBroken = false
  expect(answer('a')).toBe('a')
})
