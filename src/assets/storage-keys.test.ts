import { describe, expect, it } from 'vitest'
import { newId } from '../lib/ids.ts'
import { imageKeyOf, storageKeyOf, thumbnailKey, thumbnailKeys } from './storage-keys.ts'

describe('storage keys', () => {
  const image = storageKeyOf('ast_7h0000000000000000000000x')

  it('of an image and its thumbnails lie in folders of the same letter', () => {
    expect(image).toBe('images/7/ast_7h0000000000000000000000x')
    expect(thumbnailKey(image, { width: 256, format: 'webp' })).toBe(
      'thumbnails/7/ast_7h0000000000000000000000x.256.webp'
    )
    expect(thumbnailKey(image, { width: 'full', format: 'png' })).toBe(
      'thumbnails/7/ast_7h0000000000000000000000x.full.png'
    )
  })

  it('of however many images make 36 folders at most: each is made with the first image in it, which waits for that', () => {
    const folders = new Set(Array.from({ length: 5000 }, () => storageKeyOf(newId('ast')).replace(/[^/]+$/, '')))
    expect(folders.size).toBe(36)
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
