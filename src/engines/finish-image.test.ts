import sharp from 'sharp'
import { expect, it } from 'vitest'
import { pattern } from '../../tests/support/test-images.ts'
import { xmpOfSourceType } from '../images/metadata/source-type.ts'
import { finishImage, keptTold } from './finish-image.ts'

const VOCABULARY = 'http://cv.iptc.org/newscodes/digitalsourcetype/'

it.each([
  ['trainedAlgorithmicMedia', 'compositeWithTrainedAlgorithmicMedia'],
  ['algorithmicallyEnhanced', 'algorithmicallyEnhanced']
])('an edit marked as %s, of which the rest was put back, is marked as %s', async (made, told) => {
  const original = await pattern(16, 16, 3).png().toBuffer()
  const mask = await pattern(16, 16, 1).toColourspace('b-w').png().toBuffer()
  const bytes = await pattern(16, 16, 3)
    .withXmp(xmpOfSourceType(VOCABULARY + made))
    .webp()
    .toBuffer()
  const finished = await finishImage({ bytes, edit: { original, mask } })
  expect((await sharp(finished.bytes).metadata()).xmp?.toString()).toBe(xmpOfSourceType(VOCABULARY + told))
})

it('an edit with a mask in another size than its image, whose rest is scaled, tells that', () => {
  const input = (name: string) => ({ name, mediaType: 'image/png', width: 101, height: 75 })
  const inputs = ['image0', 'mask'].map(input)
  const told = ['The image was scaled: what lies outside of the mask is not exactly as it was.']
  expect(keptTold({ inputs }, { width: 104, height: 75 })).toEqual(told)
  expect(keptTold({ inputs }, { width: 101, height: 75 })).toEqual([])
  expect(keptTold({ inputs: [input('image0')] }, { width: 104, height: 72 })).toEqual([])
})
