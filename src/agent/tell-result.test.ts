import { describe, expect, it } from 'vitest'
import type { AssignedTask } from '../protocol/messages.ts'
import { seedToTell, seedWarnings, sizeWarnings } from './tell-result.ts'

const task = (seed_drawn?: boolean): AssignedTask => ({
  ...{ kind: 'generation', prompt: 'a fox', seed: 7, extra: {}, inputs: [] },
  ...(seed_drawn !== undefined && { seed_drawn })
})

describe('a seed', () => {
  it.each([
    ['as the engine told it', 9, false, 9, 0],
    ['none, where it was sent none', null, true, null, 0],
    ['none, with a warning for whoever named one', null, false, null, 1],
    ['a number for an older gateway', null, undefined, 7, 0]
  ])('is told %s', (_how, seed, drawn, told, warnings) => {
    expect(seedToTell(seed, task(drawn))).toBe(told)
    expect(seedWarnings(seed, task(drawn))).toHaveLength(warnings)
  })
})

describe('a size that the engine chose', () => {
  const photo = { width: 1023, height: 767 }
  const chosen = { width: 1024, height: 768 }
  const other = { width: 512, height: 512 }

  it.each([
    ['nothing of none', { chosen: undefined, source: photo, made: other }, []],
    ['nothing of what is as it was', { chosen, source: chosen, made: chosen }, []],
    [
      'that it is not the source',
      { chosen, source: photo, made: chosen },
      ['The image is 1023x767; without a size, the image server was asked for 1024x768.']
    ],
    [
      'that the server made another',
      { chosen, source: undefined, made: other },
      ['The image server was asked for 1024x768 and delivered 512x512.']
    ]
  ])('says %s', (_what, sizes, warnings) => {
    expect(sizeWarnings(sizes)).toEqual(warnings)
  })
})
