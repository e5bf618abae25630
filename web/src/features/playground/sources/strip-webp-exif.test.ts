import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { stripWebpExif } from './strip-webp-exif.ts'

const picture = () => sharp({ create: { width: 30, height: 20, channels: 4, background: '#4a78' } })
const bytesOf = async (file: File) => Buffer.from(await file.arrayBuffer())

describe('stripWebpExif', () => {
  it('takes the orientation out of a WebP and leaves its pixels', async () => {
    const turned = await picture().withMetadata({ orientation: 6 }).webp({ lossless: true }).toBuffer()
    expect(await sharp(turned).metadata()).toMatchObject({ orientation: 6 })
    const stripped = await bytesOf(await stripWebpExif(new File([new Uint8Array(turned)], 'a.webp')))
    const { orientation, exif, width, height } = await sharp(stripped).metadata()
    expect({ orientation, exif, width, height }).toEqual({
      orientation: undefined,
      exif: undefined,
      width: 30,
      height: 20
    })
    expect(stripped.readUInt32LE(4)).toBe(stripped.length - 8)
    expect(await sharp(stripped).raw().toBuffer()).toEqual(await sharp(turned).raw().toBuffer())
  })

  it('returns others as they are', async () => {
    const plain = new File([new Uint8Array(await picture().webp().toBuffer())], 'a.webp')
    expect(await stripWebpExif(plain)).toBe(plain)
    const jpeg = new File([new Uint8Array(await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer())], 'a.jpg')
    expect(await stripWebpExif(jpeg)).toBe(jpeg)
    const broken = new File(['RIFF1234WEBP', Uint8Array.of(1, 2, 3)], 'a.webp')
    expect(await stripWebpExif(broken)).toBe(broken)
  })
})
