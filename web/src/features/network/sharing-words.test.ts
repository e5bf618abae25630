import { describe, expect, it } from 'vitest'
import { sharingText } from './sharing-words.ts'

const open = {
  access: 'members',
  listed: null,
  imagesPerHour: null,
  imagesPerUserHour: null,
  usedThisHour: null
} as const

describe('what others may have of a service', () => {
  it('is told with how much of it is used', () => {
    expect(sharingText(open)).toBe('Others may have as many images as they like.')
    expect(sharingText({ ...open, access: 'private', imagesPerHour: 5 })).toBe('Others have nothing of it.')
    expect(sharingText({ ...open, imagesPerHour: 200, imagesPerUserHour: 1, usedThisHour: 12 })).toBe(
      'Others may have 200 images together, 1 image each within an hour. They had 12 within the last hour.'
    )
    expect(sharingText({ ...open, imagesPerUserHour: 2 })).toBe('Others may have 2 images each within an hour.')
  })
})
