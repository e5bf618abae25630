import { describe, expect, it } from 'vitest'
import { loadConfig } from './config.ts'
import { LIVE_SETTINGS } from './live-settings.ts'

describe.each(LIVE_SETTINGS.map((live) => ({ ...live })))('the setting $name', ({ setting, read, write }) => {
  it('is read from the configuration and written into it', () => {
    const config = loadConfig({}, '/')
    expect(read(config)).toBe(setting.fallback)
    const sections = [config, config.club, config.signIn, config.offering, config.limits]
    write(config, 'another')
    expect(read(config)).toBe('another')
    expect([config, config.club, config.signIn, config.offering, config.limits]).toEqual(sections)
  })

  it('has a title of its own, and no name of a variable, for those who change it', () => {
    const titles = LIVE_SETTINGS.map((live) => live.setting.title)
    expect(titles.filter((title) => title === setting.title)).toHaveLength(1)
    expect(setting.title).toMatch(/^[A-Z].* /)
  })

  it('is described for a form, which links nothing and shows a switch as On and Off', () => {
    expect(setting.description).not.toContain('](')
    if (setting.kind === 'boolean') expect(setting.description).not.toMatch(/`(0|1|true|false)`|\b[01]:/)
  })

  it('spells its value so that it can be read again', () => {
    expect(setting.parse(setting.spell(setting.fallback))).toEqual(setting.fallback)
  })

  it('is of a kind that a form can show', () => {
    expect(['text', 'integer', 'duration', 'bytes', 'choice', 'boolean']).toContain(setting.kind)
  })
})
