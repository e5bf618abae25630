import { expect, it } from 'vitest'
import { fromAsset } from './sources/source-image.ts'
import { lostWords } from './lost-words.ts'

const source = fromAsset({ id: 'ast_1', width: 64, height: 64 })
const masked = { ...source, mask: { url: 'blob:mask' } } as unknown as typeof source

it('says what would be missed, and nothing where nothing would', () => {
  expect(lostWords('edit', { prompt: 'a fox', sources: [] })).toBeUndefined()
  expect(lostWords('take', { prompt: ' ', sources: [] })).toBeUndefined()
  expect(lostWords('edit', { prompt: 'a fox', sources: [source] })).toBe('Put aside: the source image.')
  expect(lostWords('edit', { prompt: '', sources: [masked] })).toBe(
    'Put aside: the source image with the painted mask.'
  )
  expect(lostWords('empty', { prompt: 'a fox', sources: [masked, source] })).toBe(
    'Put aside: 2 source images with the painted mask and the prompt.'
  )
})
