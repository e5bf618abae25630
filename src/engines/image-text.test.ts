import { describe, expect, it } from 'vitest'
import { createTestRun } from '../../tests/support/engine-run.ts'
import { decodeImageText, MAX_PREVIEW_BYTES, showPreviewText } from './image-text.ts'

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, ...Buffer.from('IHDR')]
const pictureOf = (bytes: number) => Buffer.concat([Buffer.from(PNG), Buffer.alloc(bytes - PNG.length)])

describe('the text of an image', () => {
  it.each([
    ['base64', (bytes: Buffer) => ({ text: bytes.toString('base64') })],
    ['a word for what was lifted', (bytes: Buffer) => ({ text: 'lifted', pictures: new Map([['lifted', bytes]]) })]
  ])('may be %s of as many bytes as an image may have, and of none more', (_what, write) => {
    const read = (bytes: number) => {
      const { text, pictures } = { pictures: undefined, ...write(pictureOf(bytes)) }
      return decodeImageText(text, 1000, pictures)
    }
    expect(read(1000).bytes.length).toBe(1000)
    expect(() => read(1001)).toThrow('more bytes')
  })
})

describe('a preview', () => {
  const shown = (bytes: number, options?: Parameters<typeof showPreviewText>[2]) => {
    const run = createTestRun()
    showPreviewText(`data:image/png;base64,${pictureOf(bytes).toString('base64')}`, run, options)
    return run.previews.length
  }

  it('is shown up to a mebibyte, or as many bytes as are allowed, and is left out past that', () => {
    expect([shown(MAX_PREVIEW_BYTES), shown(MAX_PREVIEW_BYTES + 1)]).toEqual([1, 0])
    expect([shown(1000, { maxBytes: 1000 }), shown(1001, { maxBytes: 1000 })]).toEqual([1, 0])
  })
})
