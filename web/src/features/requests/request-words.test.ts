import { expect, it } from 'vitest'
import { image, summary } from '../../lib/request-samples.ts'
import { lookOf, placeWord } from './request-words.ts'

it.each([
  [summary(), 'Made on'],
  [summary({ status: 'failed', images: [image()] }), 'Made on'],
  [summary({ status: 'failed', images: [] }), 'Tried on'],
  [summary({ status: 'canceled', images: [] }), 'Tried on'],
  [summary({ status: 'running', images: [], making: [{ image: 0, since: 1 }] }), 'Being made on'],
  [summary({ status: 'queued', images: [] }), 'Tried on']
])('says that something was made only where it was: %#', (request, word) => {
  expect(placeWord(request)).toBe(word)
})

it.each([
  [summary(), /^Done, 1 image, /],
  [summary({ status: 'queued', n: 10, images: [image(), image({ position: 1 })] }), /^Queued, 2 of 10 images, /],
  [summary({ status: 'running', images: [] }), /^Running, 0 of 1 image, /]
])('says of how many images some are there: %#', (request, words) => {
  expect(lookOf(request)).toMatch(words)
})
