import fc from 'fast-check'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { ImageInspector, inspectImage, orientedSize } from './image-inspector.ts'
import {
  EOI,
  idat,
  ihdr,
  inspect,
  jpegSegment,
  pattern,
  pngChunk,
  pngOf,
  rejection,
  riff,
  SCAN,
  smallImages,
  sof,
  SOI,
  verdict,
  webpChunk
} from '../../tests/support/test-images.ts'

let images: Record<string, Buffer>
beforeAll(async () => {
  images = await smallImages()
})

describe('an image that is whole', () => {
  it('is described as the decoder describes it', async () => {
    for (const [name, bytes] of Object.entries(images)) {
      const { mediaType, width, height, hasAlpha, orientation } = inspect(bytes)
      const decoded = await sharp(bytes).metadata()
      expect({ mediaType, width, height, hasAlpha, orientation }, name).toEqual({
        mediaType: `image/${decoded.format}`,
        width: decoded.width,
        height: decoded.height,
        hasAlpha: decoded.hasAlpha,
        orientation: decoded.orientation ?? 1
      })
    }
  })

  it('gives the same facts however the stream is cut in two', () => {
    for (const [name, bytes] of Object.entries(images)) {
      const whole = verdict([bytes])
      for (let cut = 0; cut <= bytes.length; cut++) {
        expect(verdict([bytes.subarray(0, cut), bytes.subarray(cut)]), `${name} cut at ${cut}`).toEqual(whole)
      }
    }
  })

  it('gives the same facts byte by byte, from one buffer that is used again', () => {
    for (const [name, bytes] of Object.entries(images)) {
      const inspector = new ImageInspector({ maxPixels: 1000 })
      const reused = Buffer.alloc(1)
      for (const byte of bytes) {
        reused[0] = byte
        inspector.write(reused)
      }
      expect(inspector.end(), name).toEqual(inspect(bytes))
    }
  })

  it('is taken with bytes behind its end', () => {
    for (const [name, bytes] of Object.entries(images)) {
      expect(inspect(Buffer.concat([bytes, Buffer.from('and then some')])), name).toEqual(inspect(bytes))
    }
  })
})

describe('an image that is not whole', () => {
  it('is damaged, wherever it ends', () => {
    for (const [name, bytes] of Object.entries(images)) {
      for (let length = 1; length < bytes.length; length++) {
        expect(rejection(bytes.subarray(0, length)), `${name}, ${length} of ${bytes.length} bytes`).toBe('damaged')
      }
    }
  })

  it('keeps being rejected for the first reason', () => {
    const inspector = new ImageInspector({ maxPixels: 1 })
    const reason = (work: () => unknown) => expect(work).toThrow(expect.objectContaining({ reason: 'too_many_pixels' }))
    reason(() => inspector.write(images['png rgb']!))
    reason(() => inspector.write(Buffer.from('more')))
    reason(() => inspector.end())
  })
})

describe('any bytes', () => {
  const cutInto = (bytes: Uint8Array, lengths: number[]) => {
    const chunks: Uint8Array[] = []
    let rest = bytes
    for (const length of lengths) {
      chunks.push(rest.subarray(0, length))
      rest = rest.subarray(length)
    }
    return [...chunks, rest]
  }

  it('get the same verdict however they are cut, also when they are altered', () => {
    const image = fc.constantFrom(...Object.values(images))
    const changes = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 4 })
    const lengths = fc.array(fc.nat(60), { maxLength: 40 })
    fc.assert(
      fc.property(image, changes, lengths, (original, altered, cuts) => {
        const bytes = Buffer.from(original)
        for (const [at, value] of altered) bytes[at % bytes.length] = value
        expect(verdict(cutInto(bytes, cuts))).toEqual(verdict([bytes]))
      }),
      { numRuns: 500 }
    )
  })

  it('get a verdict behind each signature, never another error', () => {
    const start = fc
      .constantFrom('\x89PNG\r\n\x1a\n', '\xff\xd8\xff', 'RIFF\x80\0\0\0WEBP', '')
      .map((text) => Buffer.from(text, 'latin1'))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
        expect(verdict([Buffer.concat([head, tail])])).toBeDefined()
      }),
      { numRuns: 2000 }
    )
  })
})

describe('orientation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i is found in each format, and the stored size stays', async (orientation) => {
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const bytes = await pattern(9, 7, 3).withMetadata({ orientation }).toFormat(format).toBuffer()
      const facts = inspect(bytes)
      expect(facts, format).toMatchObject({ orientation, width: 9, height: 7 })
      const upright = await sharp(bytes).autoOrient().toBuffer({ resolveWithObject: true })
      expect(orientedSize(facts), format).toEqual({ width: upright.info.width, height: upright.info.height })
    }
  })
})

describe('the limit of a side', () => {
  it.each(['png', 'jpeg', 'webp'] as const)(
    'lets %s through at the limit and refuses one pixel more',
    async (format) => {
      for (const [width, height] of [
        [20, 2],
        [2, 20]
      ] as const) {
        const bytes = await pattern(width, height, 3).toFormat(format).toBuffer()
        const verdictAt = (maxSide: number) => {
          const inspector = new ImageInspector({ maxPixels: 100, maxSide })
          inspector.write(bytes)
          return inspector.end()
        }
        expect(verdictAt(20)).toMatchObject({ width, height })
        expect(() => verdictAt(19)).toThrow(expect.objectContaining({ reason: 'too_long' }))
      }
    }
  )
})

describe('inspectImage', () => {
  it('passes the bytes through and tells the facts', async () => {
    for (const [name, bytes] of Object.entries(images)) {
      const inspection = inspectImage({ maxPixels: 1000 })
      const [out] = await Promise.all([
        buffer(inspection),
        pipeline(Readable.from([bytes.subarray(0, 50), bytes.subarray(50)]), inspection)
      ])
      expect(out.equals(bytes), name).toBe(true)
      expect(inspection.facts).toEqual(inspect(bytes))
    }
  })

  it('fails with the rejection, in the middle and at the end', async () => {
    const through = async (bytes: Buffer) => {
      const inspection = inspectImage({ maxPixels: 1000 })
      await pipeline(Readable.from([bytes]), inspection, async (source) => {
        for await (const _ of source);
      })
    }
    await expect(through(Buffer.from('GIF89a, and so on'))).rejects.toMatchObject({ reason: 'unsupported_type' })
    await expect(through(images['png rgb']!.subarray(0, -1))).rejects.toMatchObject({ reason: 'damaged' })
    await expect(through(Buffer.alloc(0))).rejects.toMatchObject({ reason: 'empty' })
  })

  it('has no facts before the end', () => {
    expect(() => inspectImage({ maxPixels: 1000 }).facts).toThrow('not inspected')
  })
})

describe('an image of countless parts', () => {
  const times = (count: number, part: Buffer) => Buffer.concat(Array.from({ length: count }, () => part))

  it('is damaged, one of thousands is not', () => {
    const filled = {
      png: (count: number) => pngOf(ihdr(), times(count, pngChunk('teXt')), idat()),
      jpeg: (count: number) => Buffer.concat([SOI, times(count, jpegSegment(0xe2, Buffer.alloc(0))), sof(), SCAN, EOI]),
      webp: (count: number) =>
        riff(images['webp lossy']!.subarray(12), times(count, webpChunk('abcd', Buffer.alloc(0))))
    }
    for (const [format, bytes] of Object.entries(filled)) {
      expect(rejection(bytes(20_000)), format).toBeUndefined()
      expect(() => inspect(bytes(100_000)), format).toThrow('parts')
      expect(rejection(bytes(100_000)), format).toBe('damaged')
    }
  })
})

describe('memory', () => {
  const MIB = 1024 * 1024
  const claims = {
    'a png chunk of 2 GiB': ['png rgb', 33, Buffer.from('\x7f\xff\xff\xfftEXt', 'latin1')],
    'a png EXIF chunk of 2 GiB': ['png rgb', 33, Buffer.from('\x7f\xff\xff\xffeXIf', 'latin1')],
    'png pixels of 2 GiB': ['png rgb', 33, Buffer.from('\x7f\xff\xff\xffIDAT', 'latin1')],
    'a jpeg scan without end': ['jpeg baseline', -2, Buffer.alloc(0)]
  } as const

  it.each(Object.entries(claims))('%s takes none', (_, [image, cut, claim]) => {
    const inspector = new ImageInspector({ maxPixels: 1000 })
    inspector.write(images[image]!.subarray(0, cut))
    inspector.write(claim)
    const piece = Buffer.alloc(MIB)
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 128; index++) inspector.write(piece)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB)
    expect(() => inspector.end()).toThrow('ends too early')
  })

  it('is not taken by a webp chunk that is as long as a webp can be', () => {
    const inspector = new ImageInspector({ maxPixels: 1000 })
    const webp = Buffer.from(images['webp with exif']!)
    webp.writeUInt32LE(0xffff_fffe, 4)
    inspector.write(webp)
    inspector.write(Buffer.from('EXIF\xf0\xff\x00\xf0', 'latin1'))
    const piece = Buffer.alloc(MIB)
    const before = process.memoryUsage().arrayBuffers
    for (let index = 0; index < 128; index++) inspector.write(piece)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB)
    expect(() => inspector.end()).toThrow('ends too early')
  })
})
