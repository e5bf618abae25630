import { describe, expect, it } from 'vitest'
import { newId } from '../lib/ids.ts'
import { imageKeyOf, storageKeyOf, thumbnailKey, thumbnailKeys } from './storage-keys.ts'

describe('storage keys', () => {
  const image = storageKeyOf('ast_7h0000000000000000000000x')

  it('of an image and its thumbnails lie in folders of the same two letters', () => {
    expect(image).toBe('images/7h/ast_7h0000000000000000000000x')
    expect(thumbnailKey(image, { width: 256, format: 'webp' })).toBe(
      'thumbnails/7h/ast_7h0000000000000000000000x.256.webp'
    )
    expect(thumbnailKey(image, { width: 'full', format: 'png' })).toBe(
      'thumbnails/7h/ast_7h0000000000000000000000x.full.png'
    )
  })

  it('of all thumbnails are as many as there are widths and formats, and lead back to the image', () => {
    const keys = thumbnailKeys(image)
    expect(new Set(keys).size).toBe(7 * 3)
    expect(new Set(keys.map(imageKeyOf))).toEqual(new Set([image]))
    expect(imageKeyOf(image)).toBe(image)
  })

  it('do not mistake one image for another', () => {
    const [one, other] = [storageKeyOf(newId('ast')), storageKeyOf(newId('ast'))]
    expect(thumbnailKeys(one).filter((key) => thumbnailKeys(other).includes(key))).toEqual([])
  })

  it.each(['', 'images', 'thumbnails', 'elsewhere/aa/one', 'my-images/aa/one', 'imagesaa'])(
    '%j is neither image nor thumbnail',
    (key) => {
      expect(imageKeyOf(key)).toBeUndefined()
    }
  )
})
