import { describe, expect, it } from 'vitest'
import { formatUntil } from '../../lib/format.ts'
import { capText, sharingText } from './sharing-words.ts'

const open = {
  access: 'members',
  bar: null,
  listed: null,
  imagesPerHour: null,
  imagesPerUserHour: null,
  usedThisHour: null
} as const

describe('what others may have of a service', () => {
  it('is told with how much of it is used', () => {
    expect(sharingText(open, 'trusted')).toBe('Others may have as many images as they like.')
    expect(sharingText({ ...open, access: 'private', imagesPerHour: 5 }, 'limited')).toBe('Others have nothing of it.')
    expect(sharingText({ ...open, imagesPerHour: 200, imagesPerUserHour: 1, usedThisHour: 12 }, 'limited')).toBe(
      'Others may have 200 images together, 1 image each within an hour. They had 12 within the last hour.'
    )
    expect(sharingText({ ...open, imagesPerUserHour: 2 }, 'trusted')).toBe(
      'Others may have 2 images each within an hour.'
    )
  })

  it('is told after it that the reader has nothing of it', () => {
    expect(sharingText({ ...open, bar: 'reader' }, 'trusted')).toBe(
      'Its owner does not let you have images of it. Others may have as many images as they like.'
    )
    expect(sharingText({ ...open, access: 'private', bar: 'private' }, 'trusted')).toBe('Others have nothing of it.')
  })

  it('is not said to be all they like while the club lets a machine make few for others, or none', () => {
    expect(sharingText(open, 'limited')).toBe('Others have no limit there beside the club’s for new machines.')
    for (const standing of ['pending', 'blocked', 'closed'] as const) {
      expect(sharingText(open, standing)).toBe('Once it may serve others, they may have as many images as they like.')
      expect(sharingText({ ...open, imagesPerHour: 5 }, standing)).toBe(
        'Once it may serve others, they may have 5 images together within an hour.'
      )
    }
  })
})

it('tells a cap in few words, and until when nothing is left of it', () => {
  const capped = { access: 'members' as const, bar: null, imagesPerHour: 2, imagesPerUserHour: null, usedUp: null }
  expect(capText(capped)).toBe('2 images an hour for others')
  expect(capText({ ...capped, imagesPerUserHour: 1 })).toBe('2 images an hour for others, 1 each')
  expect(capText({ ...capped, imagesPerHour: null })).toBeNull()
  expect(capText({ ...capped, access: 'private' })).toBeNull()
  expect(capText({ ...capped, bar: 'reader' })).toBeNull()
  const until = Date.now() + 60_000
  expect(capText({ ...capped, usedUp: { until } })).toBe(
    `2 images an hour for others; none left until ${formatUntil(until)}`
  )
  expect(capText({ ...capped, usedUp: { until: null } })).toMatch(/none left for now$/)
  expect(capText({ ...capped, imagesPerUserHour: 1, usedUp: { until, isOwnShare: true } })).toBe(
    `2 images an hour for others, 1 each; none left for you until ${formatUntil(until)}`
  )
  const held = (beingMade: number) => capText({ ...capped, usedUp: { until, beingMade } })
  expect(held(1)).toBe('2 images an hour for others; the last one is being made')
  expect(held(2)).toBe('2 images an hour for others; the last 2 are being made')
})
