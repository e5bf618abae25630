import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Base64Decoder } from './base64-decoder.ts'

/** Decoded in pieces of this length, and the first of another. */
function decode(text: string, first: number, length: number): Buffer {
  const decoder = new Base64Decoder()
  const bytes = Buffer.from(text, 'latin1')
  const pieces = [decoder.decode(bytes.subarray(0, first))]
  for (let at = first; at < bytes.length; at += length) pieces.push(decoder.decode(bytes.subarray(at, at + length)))
  return Buffer.concat([...pieces, decoder.end()])
}

const bytes = randomBytes(100)
const plain = bytes.toString('base64')

describe('base64 in pieces', () => {
  it.each([
    ['as it is', plain],
    ['of the other alphabet', bytes.toString('base64url')],
    ['in lines', plain.replaceAll(/.{5}/g, '$&\\r\\n')],
    ['with a blank between all', plain.replaceAll(/./g, '$& ')],
    ['with escapes', plain.replaceAll('A', '\\u0041').replaceAll('/', '\\/')],
    ['with what follows its end', `${bytes.subarray(0, 98).toString('base64')}AAAA`]
  ])('%s, wherever it is cut', (_how, text) => {
    const whole = Buffer.from(JSON.parse(`"${text}"`) as string, 'base64')
    for (let first = 0; first <= 9; first++) {
      for (let length = 1; length <= 9; length++) expect(decode(text, first, length)).toEqual(whole)
      expect(decode(text, first, 64)).toEqual(whole)
    }
  })
})
