import sharp from 'sharp'
import { expect, it } from 'vitest'
import { pattern } from '../../tests/support/test-images.ts'
import { xmpOfSourceType } from '../images/metadata/source-type.ts'
import { finishImage } from './finish-image.ts'

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
