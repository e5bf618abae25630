import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { inspect, rejection } from '../../tests/support/test-images.ts'

const latin1 = (text: string) => Buffer.from(text.padEnd(64, '\0'), 'latin1')
const text = (content: string) => Buffer.from(content)

const FOREIGN: [name: string, bytes: Buffer][] = [
  ['a GIF image', latin1('GIF89a')],
  ['a GIF image', latin1('GIF87a')],
  ['an AVIF image', latin1('\0\0\0\x20ftypavif')],
  ['an AVIF image', latin1('\0\0\0\x20ftypavis')],
  ['a HEIC image', latin1('\0\0\0\x18ftypheic')],
  ['a HEIC image', latin1('\0\0\0\x18ftyphevc')],
  ['a HEIC or AVIF image', latin1('\0\0\0\x18ftypmif1')],
  ['a video', latin1('\0\0\0\x18ftypmp42')],
  ['a JPEG XL image', latin1('\xff\x0a\xfa\x1f')],
  ['a JPEG XL image', latin1('\0\0\0\x0cJXL \r\n\x87\n')],
  ['a JPEG 2000 image', latin1('\0\0\0\x0cjP  \r\n\x87\n')],
  ['a BMP image', latin1('BM\x36\x10\0\0\0\0\0\0\x36')],
  ['a TIFF image', latin1('II*\0')],
  ['a TIFF image', latin1('MM\0*')],
  ['an icon (ICO)', latin1('\0\0\x01\0\x01\0')],
  ['a Photoshop document', latin1('8BPS\0\x01')],
  ['a PDF document', latin1('%PDF-1.7\n%\xe2\xe3\xcf\xd3')],
  ['a ZIP archive', latin1('PK\x03\x04\x14\0')],
  ['a sound', latin1('RIFF\x24\0\0\0WAVEfmt ')],
  ['a video', latin1('\x1aE\xdf\xa3')],
  ['an SVG image', text('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['an SVG image', text('\ufeff<?xml version="1.0"?>\n<!-- drawn by hand -->\n<svg width="1">')],
  ['an HTML page', text('\n<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>')],
  ['an HTML page', text('<html lang="en">')],
  ['an XML document', text('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>')],
  ['text', text('{"error": "not found"}')],
  ['text', text('Ä')],
  ['text', text('BM is not always a bitmap')],
  ['text', text('€'.repeat(1000))],
  ['text', Buffer.from('\ufeffHello', 'utf16le')],
  ['base64 text', text('data:image/png;base64,iVBORw0KGgo=')],
  ['base64 text', text('iVBORw0KGgoAAAANSUhEUg==')],
  ['base64 text', text('/9j/4AAQSkZJRgABAQ==')]
]

describe('a file that is no png, jpeg or webp', () => {
  it.each(FOREIGN)('is named: %s', (name, bytes) => {
    expect(rejection(bytes)).toBe('unsupported_type')
    expect(() => inspect(bytes)).toThrow(name)
  })

  it.each(['gif', 'tiff', 'avif'] as const)('is named when a real encoder wrote it: %s', async (format) => {
    const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .toFormat(format)
      .toBuffer()
    expect(rejection(bytes)).toBe('unsupported_type')
    expect(() => inspect(bytes)).toThrow(new RegExp(format, 'i'))
  })

  it('is refused without a name when nobody knows it', () => {
    expect(rejection(Buffer.from([0x00, 0x9c, 0xff, 0x13, 0x07]))).toBe('not_an_image')
    expect(rejection(Buffer.alloc(1000))).toBe('not_an_image')
  })

  it('is empty when it has no bytes', () => {
    expect(rejection(Buffer.alloc(0))).toBe('empty')
  })
})
