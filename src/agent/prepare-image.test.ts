import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { countPixelWork } from '../../tests/support/count-pixel-work.ts'
import { ihdr, pattern, PNG_SIGNATURE, pngChunk } from '../../tests/support/test-images.ts'
import type { ImageTask } from '../images/image-request.ts'
import { xmpOfSourceType } from '../images/metadata/source-type.ts'
import { prepareImage } from './prepare-image.ts'

const TRAINED = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia'
const PROMPT = pngChunk('tEXt', Buffer.from('parameters\0a fox <lora:secret:1>'))
const MANIFEST = pngChunk('caBX', Buffer.from(`jumb jumdc2pa ${TRAINED}\0`))

const plain = await pattern(64, 48, 3).png().toBuffer()
const headEnd = PNG_SIGNATURE.length + ihdr().length
const withChunks = (...chunks: Buffer[]) =>
  Buffer.concat([plain.subarray(0, headEnd), ...chunks, plain.subarray(headEnd)])
const prepare = (bytes: Buffer, task: Pick<ImageTask, 'output_format'> = {}, keepMetadata = false) =>
  prepareImage(bytes, task, { maxPixels: 10_000, keepMetadata, signal: new AbortController().signal }).then(
    ({ pieces, ...rest }) => ({ ...rest, bytes: Buffer.concat(pieces) })
  )

describe('what leaves the machine of an image', () => {
  it('is not what its server wrote about its work', async () => {
    expect(await prepare(withChunks(PROMPT))).toEqual({
      bytes: plain,
      mediaType: 'image/png',
      width: 64,
      height: 48,
      warnings: []
    })
  })

  it('is all of it where the owner keeps that', async () => {
    const image = withChunks(PROMPT, MANIFEST)
    expect(await prepare(image, {}, true)).toMatchObject({ bytes: image, warnings: [] })
  })

  it('is the very file with its Content Credentials, or the word that they match it no longer', async () => {
    const signed = withChunks(MANIFEST)
    expect(await prepare(signed)).toMatchObject({ bytes: signed, warnings: [] })
    const { bytes, warnings } = await prepare(withChunks(PROMPT, MANIFEST))
    expect(bytes).toEqual(signed)
    expect(warnings).toEqual([expect.stringContaining('no longer match')])
  })

  it.each(['jpeg', 'webp'] as const)('carries its source type into a %s', async (format) => {
    const marked = await pattern(64, 48, 3).withXmp(xmpOfSourceType(TRAINED)).png().toBuffer()
    for (const [image, warnings] of [
      [marked, []],
      [withChunks(PROMPT, MANIFEST), [expect.stringContaining('do not survive')]]
    ] as const) {
      const converted = await prepare(image, { output_format: format })
      expect(converted.warnings).toEqual(warnings)
      const { xmp, exif, comments } = await sharp(converted.bytes).metadata()
      expect([xmp?.toString(), exif, comments]).toEqual([xmpOfSourceType(TRAINED), undefined, undefined])
    }
    const unmarked = await prepare(withChunks(PROMPT), { output_format: format })
    expect(await sharp(unmarked.bytes).metadata()).not.toHaveProperty('xmp')
  })

  it('has been decoded once where it is converted or has no checksums, and else not at all', async () => {
    const jpeg = await pattern(64, 48, 3).jpeg().toBuffer()
    for (const [image, format, times] of [
      [plain, undefined, 0],
      [plain, 'png', 0],
      [withChunks(PROMPT), 'png', 0],
      [plain, 'webp', 1],
      [jpeg, undefined, 1],
      [jpeg, 'jpeg', 1],
      [jpeg, 'png', 1]
    ] as const) {
      const work = await countPixelWork(() => prepare(image, format ? { output_format: format } : {}))
      expect([format, work]).toEqual([format, times])
    }
  })

  it.each(['png', 'webp'] as const)('is nothing when its pixels do not decode, asked for as %s', async (format) => {
    const short = pngChunk('IDAT', deflateSync(Buffer.alloc(64 * 48 * 3)))
    const broken = Buffer.concat([PNG_SIGNATURE, ihdr({ width: 64, height: 48 }), short, pngChunk('IEND')])
    await expect(prepare(broken, { output_format: format })).rejects.toMatchObject({
      fault: 'bad_output',
      message: expect.stringContaining('its pixels cannot be decoded') as string
    })
  })
})
