import { expect, it } from 'vitest'
import { formatOfMediaType, mediaTypeOfFormat, OUTPUT_FORMATS } from './media-types.ts'

it('every format has a media type, and is found again by it', () => {
  const mediaTypes = OUTPUT_FORMATS.map(mediaTypeOfFormat)
  expect(mediaTypes).toEqual(['image/png', 'image/jpeg', 'image/webp'])
  expect(mediaTypes.map(formatOfMediaType)).toEqual([...OUTPUT_FORMATS])
})
