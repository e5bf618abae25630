import { expect, it } from 'vitest'
import { animated, damaged, ImageRejected, unsupported } from '../images/image-rejected.ts'
import { asBadOutput } from './as-bad-output.ts'

it.each([
  [damaged('it ends too early'), 'The image is damaged: it ends too early.'],
  [unsupported('a GIF image'), 'The file is a GIF image.'],
  [animated('an animation'), 'The file is an animation.'],
  [new ImageRejected('empty', 'The file is empty.', { advice: 'Send another.' }), 'The file is empty.']
])('what an image server made is told by what it is, and nobody is to send another: %s', (rejected, found) => {
  expect(rejected.message).toMatch(/(?:Send|Save) /)
  expect(asBadOutput(rejected)).toMatchObject({
    fault: 'bad_output',
    message: `The image server did not deliver a usable image. ${found}`
  })
})

it('any other error stays what it is', () => {
  const other = new Error('other')
  expect(asBadOutput(other)).toBe(other)
})
