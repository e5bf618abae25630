import { describe, expect, it } from 'vitest'
import { chooseExtras } from './choose-extras.ts'

const EXTRA = { lora: 'x', clip_skip: 2 }

describe('chooseExtras', () => {
  it.each([
    ['the service', { service: ['lora'], engine: undefined }],
    ['the engine', { service: undefined, engine: ['lora'] }],
    ['one of both', { service: ['other'], engine: ['lora'] }]
  ])('lets through what %s lists, and names the rest', (_who, allowed) => {
    expect(chooseExtras(EXTRA, allowed)).toEqual({
      extra: { lora: 'x' },
      warnings: ["'clip_skip': not sent, because the service does not list it."]
    })
  })

  it('lets everything through where any is said', () => {
    expect(chooseExtras(EXTRA, { service: 'any', engine: undefined })).toEqual({ extra: EXTRA, warnings: [] })
    expect(chooseExtras(EXTRA, { service: undefined, engine: 'any' })).toEqual({ extra: EXTRA, warnings: [] })
  })

  it('says nothing of nothing', () => {
    expect(chooseExtras({}, { service: undefined, engine: undefined })).toEqual({ extra: {}, warnings: [] })
  })

  it.each([
    [10, "'f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8', 'f9': not"],
    [11, "'f9' and 1 more: not"]
  ])('names %i of them shortly', (count, part) => {
    const extra = Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 1]))
    const { warnings } = chooseExtras(extra, { service: [], engine: [] })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain(part)
  })

  it('shortens long names, and never to half a character', () => {
    const { warnings } = chooseExtras({ ['🖼'.repeat(500)]: 1, ['a'.repeat(40)]: 1 }, { service: [], engine: [] })
    expect(warnings[0]!.length).toBeLessThan(160)
    expect(warnings[0]!.isWellFormed()).toBe(true)
    expect(warnings[0]).toContain(`'${'a'.repeat(40)}'`)
  })
})
