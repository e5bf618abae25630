import { describe, expect, it } from 'vitest'
import type { LiveSetting } from '../../../../../src/http/dashboard/contract/admin.ts'
import { changesOf, descriptionParts, fieldMessage, settingTitle, shownValue } from './setting-drafts.ts'

const setting = (part: Partial<LiveSetting> = {}): LiveSetting => ({
  name: 'rateLimit',
  variable: 'INFERENCE_CLUB_RATE_LIMIT',
  description: '',
  kind: 'integer',
  value: '5',
  fallback: '0',
  isChanged: true,
  ...part
})

describe('changesOf', () => {
  it('names what differs alone', () => {
    const settings = [setting(), setting({ name: 'other' }), setting({ name: 'same' })]
    expect(changesOf(settings, { rateLimit: ' 7 ', same: '5' })).toEqual({ rateLimit: '7' })
  })

  it('resets what was changed', () => {
    expect(changesOf([setting()], { rateLimit: null })).toEqual({ rateLimit: null })
    expect(changesOf([setting({ isChanged: false })], { rateLimit: null })).toEqual({})
  })
})

describe('shownValue', () => {
  it('is the draft, else the value; the fallback while it is to be reset', () => {
    expect(shownValue(setting(), {})).toBe('5')
    expect(shownValue(setting(), { rateLimit: '' })).toBe('')
    expect(shownValue(setting(), { rateLimit: null })).toBe('0')
  })
})

describe('settingTitle', () => {
  it.each([
    ['syncTimeoutMs', 'Sync timeout'],
    ['maxImagesPerRequest', 'Max images per request'],
    ['registration', 'Registration'],
    ['retentionMs', 'Retention (days)'],
    ['retentionBytes', 'Retention (bytes)']
  ])('spells %s', (name, title) => expect(settingTitle(name)).toBe(title))
})

describe('fieldMessage', () => {
  it('leaves out the name', () => {
    expect(fieldMessage("'rateLimit' must be a whole number, not 'x'.")).toBe("Must be a whole number, not 'x'.")
  })
})

describe('descriptionParts', () => {
  it('finds code', () => {
    expect(descriptionParts('A larger `n` is clamped.')).toEqual([
      { text: 'A larger ', isCode: false },
      { text: 'n', isCode: true },
      { text: ' is clamped.', isCode: false }
    ])
  })
})
