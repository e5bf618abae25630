import { describe, expect, it } from 'vitest'
import { LIVE_SETTINGS } from '../../../../../src/config/live-settings.ts'
import type { LiveSetting } from '../../../../../src/http/dashboard/contract/admin.ts'
import { groupSettings } from './setting-groups.ts'

const all = LIVE_SETTINGS.map(({ name, setting }) => ({ ...setting, name })) as unknown as LiveSetting[]

describe('groupSettings', () => {
  it('has a place for every setting there is, once', () => {
    const groups = groupSettings(all, '')
    expect(groups.map(({ title }) => title)).not.toContain('Others')
    expect(groups.flatMap(({ settings }) => settings.map(({ name }) => name)).sort()).toEqual(
      all.map(({ name }) => name).sort()
    )
  })

  it('shows one that it has never heard of at the end', () => {
    const added = { ...all[0]!, name: 'brandNew' }
    expect(groupSettings([added, ...all], '').at(-1)).toEqual({ title: 'Others', settings: [added] })
  })

  it.each([
    ['retention', ['retentionMs', 'retentionBytes', 'webhookRetentionMs']],
    ['HOW long requests are kept', ['retentionMs']],
    ['inference_club_rate', ['rateLimit']],
    ['nothing of the kind', []]
  ])('finds by %s', (query, names) => {
    expect(groupSettings(all, query).flatMap(({ settings }) => settings.map(({ name }) => name))).toEqual(names)
  })
})
