import { describe, expect, it } from 'vitest'
import type { LiveSetting } from '../../../../../src/http/dashboard/contract/admin.ts'
import { changesOf, descriptionParts, fieldMessage, shownValue, spellOut } from './setting-drafts.ts'

const setting = (part: Partial<LiveSetting> = {}): LiveSetting => ({
  name: 'rateLimit',
  title: 'Calls per minute',
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

describe('spellOut', () => {
  it.each([
    ['retentionMs', 'duration', '30m', '30 minutes'],
    ['retentionMs', 'duration', ' 1h ', '1 hour'],
    ['syncTimeoutMs', 'duration', '1.5d', '1.5 days'],
    ['retentionMs', 'duration', '0s', 'for ever'],
    ['retentionMs', 'duration', '0ms', 'for ever'],
    ['retentionBytes', 'bytes', '0', 'no limit'],
    ['rateLimit', 'integer', '0', 'no limit'],
    ['newProviderTimeMs', 'duration', '0s', '0 seconds'],
    ['retentionMs', 'duration', '30', undefined],
    ['retentionMs', 'duration', '30 months', undefined],
    ['queueTotal', 'integer', '7', undefined]
  ] as const)('%s of %s: %s is %s', (name, kind, value, words) => {
    expect(spellOut({ name, kind }, value)).toBe(words)
  })
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
