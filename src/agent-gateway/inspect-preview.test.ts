import { crc32 } from 'node:zlib'
import type { Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { plain } from '../../tests/support/pictures.ts'
import { PREVIEW_LIMITS } from '../images/make-preview.ts'
import { inspectPreview } from './inspect-preview.ts'

const picture = (width: number, height: number) => plain({ width, height }, [9, 9, 9])
/** The same png of that many bytes: with a private chunk, which nobody reads, before its end. */
function padded(png: Buffer, length: number): Buffer {
  const data = Buffer.concat([Buffer.from('prVt'), Buffer.alloc(length - png.length - 12)])
  const chunk = Buffer.alloc(data.length + 8)
  chunk.writeUInt32BE(data.length - 4)
  data.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(data), chunk.length - 4)
  const end = png.length - 12
  return Buffer.concat([png.subarray(0, end), chunk, png.subarray(end)])
}
const encoded = async (image: Sharp) => (await image.toBuffer()).toString('base64')

describe('a preview', () => {
  it('is what its bytes are', async () => {
    expect(inspectPreview(await encoded(picture(64, 64).png()))).toBe('image/png')
    expect(inspectPreview(await encoded(picture(64, 64).jpeg()))).toBe('image/jpeg')
    expect(inspectPreview(await encoded(picture(64, 64).webp()))).toBe('image/webp')
  })

  it('has so many pixels and such sides at most', async () => {
    expect(inspectPreview(await encoded(picture(1024, 1024).png()))).toBe('image/png')
    expect(inspectPreview(await encoded(picture(1024, 1025).png()))).toBeUndefined()
    expect(inspectPreview(await encoded(picture(2048, 10).png()))).toBe('image/png')
    expect(inspectPreview(await encoded(picture(2049, 10).png()))).toBeUndefined()
    // 31 kB that a browser makes 1 GB of.
    expect(inspectPreview(await encoded(picture(16_000, 16_000).png()))).toBeUndefined()
  })

  it('has so many bytes at most', async () => {
    const png = await picture(64, 64).png().toBuffer()
    const ofBytes = (length: number) => inspectPreview(padded(png, length).toString('base64'))
    expect(ofBytes(PREVIEW_LIMITS.maxBytes)).toBe('image/png')
    for (const beyond of [1, 2, 3]) expect(ofBytes(PREVIEW_LIMITS.maxBytes + beyond)).toBeUndefined()
  })

  it.each([
    ['nothing', ''],
    ['no base64', '<script>'],
    ['a page', Buffer.from('<html><script>alert(1)</script>').toString('base64')],
    ['a drawing with a script', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')],
    ['a beginning', Buffer.from('89504e470d0a1a0a', 'hex').toString('base64')]
  ])('is not %s', (_what, b64) => {
    expect(inspectPreview(b64)).toBeUndefined()
  })

  it('is not a whole one with something before it that some skip', async () => {
    expect(inspectPreview(`!${await encoded(picture(8, 8).png())}`)).toBeUndefined()
  })
})
