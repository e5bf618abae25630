import { describe, expect, it } from 'vitest'
import { actionOf } from './use-mask-keys.ts'

const press = (key: string, modifiers: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', true>> = {}) =>
  actionOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...modifiers })

describe('the keys of the mask editor', () => {
  it('size the brush, on keyboards that need Alt for brackets, too', () => {
    expect([press('['), press(']'), press('[', { altKey: true })]).toEqual(['smaller', 'larger', 'smaller'])
  })

  it('undo and redo as on every system', () => {
    expect(press('z', { ctrlKey: true })).toBe('undo')
    expect(press('Z', { metaKey: true, shiftKey: true })).toBe('redo')
    expect(press('y', { ctrlKey: true })).toBe('redo')
  })

  it('leave the browser its own', () => {
    expect([press('r', { ctrlKey: true }), press('e', { altKey: true }), press('Tab')]).toEqual([
      undefined,
      undefined,
      undefined
    ])
  })
})
