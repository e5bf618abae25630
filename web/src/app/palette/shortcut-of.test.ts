import { describe, expect, it } from 'vitest'
import { shortcutOf } from './shortcut-of.ts'

const press = (key: string, part: Partial<KeyboardEvent> = {}, isTyping = false) =>
  shortcutOf(
    { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, defaultPrevented: false, ...part },
    isTyping
  )

describe('a key', () => {
  it('opens the palette with Ctrl or ⌘, also from a field', () => {
    expect(press('k', { ctrlKey: true })).toBe('palette')
    expect(press('K', { metaKey: true }, true)).toBe('palette')
    for (const part of [{}, { ctrlKey: true, shiftKey: true }, { ctrlKey: true, altKey: true }]) {
      expect(press('k', part)).toBeUndefined()
    }
    expect(press('k', { ctrlKey: true, defaultPrevented: true })).toBeUndefined()
  })

  it('opens the list of shortcuts, and is left alone where it is written', () => {
    expect(press('?', { shiftKey: true })).toBe('shortcuts')
    expect(press('?', { shiftKey: true }, true)).toBeUndefined()
    expect(press('?', { ctrlKey: true })).toBeUndefined()
    expect(press('/')).toBeUndefined()
  })
})
