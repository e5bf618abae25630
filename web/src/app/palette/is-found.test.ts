import { describe, expect, it } from 'vitest'
import { isFound } from './is-found.ts'

describe('what is found', () => {
  it('has a word that begins with each that was typed, in any order, case and without accents', () => {
    expect(isFound('Connect a machine gpu', 'MACH con')).toBe(true)
    expect(isFound('Zoë Ångström', 'zoe ang')).toBe(true)
    expect(isFound('API keys', 'api-k')).toBe(true)
    expect(isFound('Gallery', '  ')).toBe(true)
    expect(isFound('Gallery', 'allery')).toBe(false)
    expect(isFound('Gallery', 'gal x')).toBe(false)
    expect(isFound('日本の人', '日本')).toBe(true)
  })
})
