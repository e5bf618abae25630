import { describe, expect, it } from 'vitest'
import { readSources, saveSources } from './saved-sources.ts'
import { fromAsset } from './source-image.ts'

describe('saved sources', () => {
  it('are the stored images, and the names of the files that are gone', () => {
    const stored = fromAsset({ id: 'ast_1', width: 8, height: 6 })
    const file = { ...stored, name: 'fox.png', origin: { file: new File(['x'], 'fox.png') }, url: 'blob:1' }
    const read = readSources(saveSources([file, stored]))
    expect(read).toMatchObject({
      sources: [{ origin: { assetId: 'ast_1' }, width: 8, height: 6, url: stored.url }],
      lost: ['fox.png']
    })
  })

  it('are none when nothing usable was saved', () => {
    const none = { sources: [], lost: [] }
    expect([null, '', '{', '{}', 'null'].map(readSources)).toEqual([none, none, none, none, none])
  })
})
