import { expect, it } from 'vitest'
import { image, summary } from '../../lib/request-samples.ts'
import { placeWord } from './request-words.ts'

it.each([
  [summary(), 'Made on'],
  [summary({ status: 'failed', images: [image()] }), 'Made on'],
  [summary({ status: 'failed', images: [] }), 'Tried on'],
  [summary({ status: 'canceled', images: [] }), 'Tried on'],
  [summary({ status: 'running', images: [] }), 'Being made on']
])('says that something was made only where it was: %#', (request, word) => {
  expect(placeWord(request)).toBe(word)
})
