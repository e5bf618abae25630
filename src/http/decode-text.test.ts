import { describe, expect, it } from 'vitest'
import { charsetOf, decodeText, markedCharset } from './decode-text.ts'

const decode = (bytes: number[] | string, charset?: string) =>
  decodeText(Buffer.from(bytes as string), { charset, what: "'prompt'", param: 'prompt' })

describe('bytes of a caller', () => {
  it.each<[string, number[], string | undefined]>([
    ['grün', [0x67, 0x72, 0xc3, 0xbc, 0x6e], undefined],
    ['grün', [0xef, 0xbb, 0xbf, 0x67, 0x72, 0xc3, 0xbc, 0x6e], 'UTF-8'],
    ['grün', [0x67, 0x72, 0xfc, 0x6e], 'iso-8859-1'],
    ['grün “€”', [0x67, 0x72, 0xfc, 0x6e, 0x20, 0x93, 0x80, 0x94], 'cp1252'],
    ['日本', [0x93, 0xfa, 0x96, 0x7b], 'Shift_JIS'],
    ['ü', [0xfc, 0x00], 'utf-16'],
    ['', [], undefined]
  ])('are %j in their charset', (text, bytes, charset) => {
    expect(decode(bytes, charset)).toBe(text)
  })

  it.each<[number[], string | undefined]>([
    [[0x67, 0x72, 0xfc, 0x6e], undefined],
    [[0x67, 0x72, 0xfc, 0x6e], 'utf-8'],
    [[0xc3], undefined],
    [[0xed, 0xa0, 0x80], undefined],
    [[0x93], 'shift_jis'],
    [[0x00, 0xd8], 'utf-16']
  ])('that are no text in it are refused by name: %j as %s', (bytes, charset) => {
    expect(() => decode(bytes, charset)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        param: 'prompt',
        message: expect.stringContaining("'prompt'")
      })
    )
  })

  it('in a charset that nobody knows are refused, however long its name', () => {
    expect(() => decode('a', 'x'.repeat(9999))).toThrow(expect.objectContaining({ code: 'unsupported_media_type' }))
    expect(() => decode('a', 'utf-32')).toThrow(expect.objectContaining({ status: 415 }))
  })
})

it.each([
  ['application/json; charset=latin1', 'latin1'],
  ['text/plain;Charset="UTF-8"', 'UTF-8'],
  ["text/plain; charset = 'sjis' ; x=y", 'sjis'],
  ['text/plain; charset=', undefined],
  ['text/plain', undefined],
  [undefined, undefined]
])('the charset of %j is %j', (contentType, charset) => {
  expect(charsetOf(contentType)).toBe(charset)
})

it('a mark of UTF-16 tells which', () => {
  expect(markedCharset(Buffer.from([0xff, 0xfe, 0x7b, 0]))).toBe('utf-16le')
  expect(markedCharset(Buffer.from([0xfe, 0xff, 0, 0x7b]))).toBe('utf-16be')
  expect(markedCharset(Buffer.from('{}'))).toBeUndefined()
})
