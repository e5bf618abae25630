import { expect, it } from 'vitest'
import { chooseSize } from './choose-size.ts'

const RULES = { maxPixels: 64 * 48, multipleOf: 16 }
const USUAL = { width: 512, height: 512 }
const PHOTO = { name: 'image0', mediaType: 'image/png', width: 640, height: 480 }
const chosen = (task: object) =>
  chooseSize(
    { kind: 'generation', model: 'm', prompt: 'a fox', seed: 1, extra: {}, inputs: [], ...task },
    { usual: USUAL, rules: RULES }
  )

it.each([
  ['the caller’s, however large', { size: { width: 640, height: 480 } }, { width: 640, height: 480 }, true],
  ['the caller’s in steps', { size: { width: 100, height: 60 }, inputs: [PHOTO] }, { width: 96, height: 64 }, true],
  ['the image’s within the rules', { inputs: [PHOTO] }, { width: 64, height: 48 }, false],
  [
    'within the rules where the gateway filled it in',
    { size: { width: 640, height: 480 }, unasked: ['size'] },
    { width: 64, height: 48 },
    false
  ],
  ['the usual one within the rules', {}, { width: 48, height: 48 }, false]
])('asks for a size that is %s', (_what, task, size, isCallers) => {
  expect(chosen(task)).toEqual({ size, isCallers })
})
