import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLEAN_PATTERN, cleanText, isClean } from './clean-text.ts'

describe('cleanText', () => {
  it.each([
    ['a cleared screen', '\x1b[2J\x1b[Hhello', 'hello'],
    ['a clipboard that is set', 'a\x1b]52;c;ZXZpbA==\x07b', 'ab'],
    ['a window title, ended the other way', 'a\x1b]0;title\x1b\\b', 'ab'],
    ['a link', '\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\', 'click'],
    ['the eight bit spelling of the same', 'a\x9b2Jb\x9d0;t\x9cc', 'abc'],
    ['a device control string', 'a\x1bP1;2q payload\x1b\\b', 'ab'],
    ['a sequence without an end', 'a\x1b[', 'a'],
    ['a lone escape', 'a\x1b', 'a'],
    ['a reset', 'a\x1bcb', 'ab'],
    ['text that turns around', 'invoice\u202egnp.exe', 'invoicegnp.exe'],
    ['isolates and marks', '\u2066a\u2069\u200eb\u200fc\u061c', 'abc'],
    ['what nobody sees', 'pa\u200bin\u2060te\ufeffr\u00ad', 'painter'],
    ['tag characters', 'a\u{e0041}\u{e007f}b', 'ab'],
    ['lines', 'one\r\ntwo\nthree\u2028four\tfive', 'one two three four five'],
    ['overwriting', 'good\rbad\b\b', 'good bad'],
    ['half a character', 'a\ud83e', 'a\ufffd']
  ])('takes the harm out of %s', (_what, text, expected) => {
    expect(cleanText(text)).toBe(expected)
    expect(isClean(text)).toBe(false)
    expect(isClean(expected)).toBe(true)
  })

  it.each(['', 'Größe 1024×1024', '🦊 👩‍🚀 "x"', 'می‌خواهم', 'שלום עולם', '日本語', '  spaces  '])(
    'leaves %j alone',
    (text) => {
      expect(cleanText(text)).toBe(text)
      expect(isClean(text)).toBe(true)
    }
  )

  it('is no longer than allowed, and does not cut a character in two', () => {
    expect(cleanText('abcd', 4)).toBe('abcd')
    expect(cleanText('abcde', 4)).toBe('abcd')
    expect(cleanText('abc🦊', 4)).toBe('abc\ufffd')
  })

  it('leaves nothing harmful, whatever the text', () => {
    const pattern = new RegExp(CLEAN_PATTERN, 'u')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = cleanText(text)
        expect(isClean(clean)).toBe(true)
        expect(clean).toMatch(pattern)
        expect(pattern.test(text.toWellFormed())).toBe(isClean(text.toWellFormed()))
      })
    )
  })
})
