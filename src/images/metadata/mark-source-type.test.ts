import exifr from 'exifr'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  EXIF_PREFIX,
  exifBlock,
  ihdr,
  jpegSegment,
  pattern,
  PNG_SIGNATURE,
  pngChunk,
  riff,
  webpChunk,
  vp8x
} from '../../../tests/support/test-images.ts'
import { inspectSource } from '../decode-image.ts'
import { mediaTypeOfFormat, OUTPUT_FORMATS, type OutputFormat } from '../media-types.ts'
import { JPEG_XMP } from './jpeg-parts.ts'
import { markSourceType, type SourceTypeMark } from './mark-source-type.ts'
import { COMPOSITE, TRAINED, xmpOfSourceType } from './source-type.ts'
import { stripMetadata } from './strip-metadata.ts'

const MADE: SourceTypeMark = { isComposite: false, isSignedNext: false }
const EDITED: SourceTypeMark = { isComposite: true, isSignedNext: false }
const CAPTURE = TRAINED.replace('trainedAlgorithmicMedia', 'digitalCapture')
const AUTHORED =
  '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
  '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="uuid:1" ' +
  'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/png"><dc:creator><rdf:Seq><rdf:li>Anna &amp; Bob</rdf:li></rdf:Seq></dc:creator>' +
  `</rdf:Description></rdf:RDF></x:xmpmeta>${' '.repeat(2000)}<?xpacket end="w"?>`

const make = (format: OutputFormat) => pattern(64, 48, 3).toFormat(format).toBuffer()
const mark = async (image: Buffer, how = MADE) => markSourceType(image, await inspectSource(image, 1e6), how)
/** By a reader of others. */
const read = async (image: Buffer): Promise<Record<string, unknown>> =>
  ((await exifr.parse(image, { xmp: true, mergeOutput: true })) ?? {}) as Record<string, unknown>
/** Whatever a program of others makes of its XMP, which `exifr` does not read in WebP. */
const packetOf = async (image: Buffer) => (await sharp(image).metadata()).xmpAsString ?? ''
const pixels = (image: Buffer) => sharp(image).raw().toBuffer()

const insertXmp: Record<OutputFormat, (image: Buffer, packet: string) => Buffer> = {
  png: (image, packet) => {
    const at = PNG_SIGNATURE.length + ihdr().length
    const chunk = pngChunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${packet}`))
    return Buffer.concat([image.subarray(0, at), chunk, image.subarray(at)])
  },
  jpeg: (image, packet) =>
    Buffer.concat([image.subarray(0, 2), jpegSegment(0xe1, Buffer.from(JPEG_XMP + packet)), image.subarray(2)]),
  webp: (image, packet) =>
    riff(vp8x({ width: 64, height: 48, flags: 4 }), image.subarray(12), webpChunk('XMP ', Buffer.from(packet)))
}

describe.each(OUTPUT_FORMATS)('the source type in a %s', (format) => {
  it.each([
    ['of what a model made', MADE, TRAINED],
    ['of what a model made from a picture', EDITED, COMPOSITE]
  ])('%s is read by others, and no pixel is encoded anew', async (_, how, uri) => {
    const image = await make(format)
    const marked = await mark(image, how)
    expect(await packetOf(marked)).toContain(`Iptc4xmpExt:DigitalSourceType="${uri}"`)
    if (format !== 'webp') expect(await read(marked)).toMatchObject({ DigitalSourceType: uri })
    expect((await pixels(marked)).equals(await pixels(image))).toBe(true)
    // All bytes of the pixels are there as they were.
    expect(marked.includes(image.subarray(-200, -12))).toBe(true)
    expect(await inspectSource(marked, 1e6)).toEqual(await inspectSource(image, 1e6))
    // It is the form that is kept, and is not written a second time.
    expect(stripMetadata(marked, mediaTypeOfFormat(format))).toMatchObject({ bytes: marked, sourceType: uri })
    expect(await mark(marked, how)).toBe(marked)
  })

  it('joins what a packet says already', async () => {
    const image = insertXmp[format](await make(format), AUTHORED)
    const packet = await packetOf(await mark(image))
    expect(packet).toContain('Anna &amp; Bob')
    const named = insertXmp[format](
      await make(format),
      AUTHORED.replaceAll('rdf:', 'r:').replace('xmlns:rdf', 'xmlns:r')
    )
    expect(await packetOf(await mark(named))).toContain(packet.slice(-250).replaceAll('rdf:', 'r:'))
    expect(packet).toContain(
      `<rdf:Description rdf:about="uuid:1" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="${TRAINED}"/></rdf:RDF>`
    )
    if (format !== 'webp') {
      expect(await read(await mark(image))).toMatchObject({
        creator: expect.stringContaining('Anna'),
        DigitalSourceType: TRAINED
      })
    }
  })

  it('takes the place of another one', async () => {
    const image = insertXmp[format](await make(format), xmpOfSourceType(CAPTURE))
    expect(await packetOf(await mark(image))).toBe(
      await packetOf(
        insertXmp[format](
          await make(format),
          xmpOfSourceType(TRAINED).replace(
            '<rdf:Description rdf:about="" xmlns:Iptc',
            '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"/><rdf:Description rdf:about="" xmlns:Iptc'
          )
        )
      )
    )
  })

  it('of an edit is not less for what its server says', async () => {
    const made = insertXmp[format](await make(format), xmpOfSourceType(TRAINED))
    expect(await mark(made)).toBe(made)
    expect(await packetOf(await mark(made, EDITED))).toContain(COMPOSITE)
    const edited = insertXmp[format](await make(format), xmpOfSourceType(COMPOSITE))
    expect(await mark(edited)).toBe(edited)
    expect(await mark(edited, EDITED)).toBe(edited)
  })

  it.each([
    ['a comment', AUTHORED.replace('<rdf:RDF', '<!-- <rdf:RDF').replace('</x:xmpmeta>', '--></x:xmpmeta>')],
    ['an element that nothing closes', AUTHORED.replace('</dc:creator>', '')],
    ['an entity', AUTHORED.replace('&amp;', '&who;')],
    ['a declaration', `<!DOCTYPE x>${AUTHORED}`],
    ['no RDF', '<a/>'],
    ['nothing', ''],
    [
      'two values',
      AUTHORED.replace('<dc:creator>', `<i:DigitalSourceType><b>${CAPTURE}</b></i:DigitalSourceType><dc:creator>`)
    ]
  ])('is said alone where a packet holds %s, which could hide it', async (_, packet) => {
    const marked = await mark(insertXmp[format](await make(format), packet))
    expect(await packetOf(marked)).toBe(xmpOfSourceType(TRAINED))
  })

  it('is not changed where a manifest says it, unless that is signed anew', async () => {
    const manifest = Buffer.from(`....jumb....jumdc2pa\0${TRAINED}`)
    const box = Buffer.concat([Buffer.from('JP\0\x01\0\0\0\x01'), manifest])
    const image = await make(format)
    const signed = {
      png: () => Buffer.concat([image.subarray(0, 33), pngChunk('caBX', manifest), image.subarray(33)]),
      jpeg: () => Buffer.concat([image.subarray(0, 2), jpegSegment(0xeb, box), image.subarray(2)]),
      webp: () => riff(vp8x({ width: 64, height: 48 }), image.subarray(12), webpChunk('C2PA', manifest))
    }[format]()
    expect(await mark(signed)).toBe(signed)
    expect(await packetOf(await mark(signed, { isComposite: false, isSignedNext: true }))).toContain(TRAINED)
    const other = Buffer.from(
      signed.toString('latin1').replaceAll('trainedAlgorithmicMedia', 'digitalCaptureeeeeeeeee'),
      'latin1'
    )
    expect(markSourceType(other, await inspectSource(signed, 1e6), MADE)).not.toBe(other)
  })

  it('leaves what follows the end where it is', async () => {
    const image = await make(format)
    const marked = await mark(Buffer.concat([image, Buffer.from('trailer')]))
    expect(marked.toString('latin1')).toMatch(/trailer$/)
  })
})

it('is in one segment of a jpeg, at most as long as that may be', async () => {
  const image = await make('jpeg')
  const long = (characters: number) => AUTHORED.replace('Anna', 'A'.repeat(characters))
  const room = 0xffff - 2 - JPEG_XMP.length
  const grown = (await packetOf(await mark(insertXmp.jpeg(image, long(100))))).length - 100
  const most = room - Buffer.byteLength(await packetOf(await mark(insertXmp.jpeg(image, long(100))))) + 100
  expect(grown).toBeGreaterThan(0)
  // As PNGs hold more than a segment does, one is turned into a jpeg's by hand.
  expect(await packetOf(await mark(insertXmp.jpeg(image, long(most).replace(/ {2000}/, ''))))).toContain('AAAA')
  expect(await packetOf(await mark(insertXmp.jpeg(image, long(most + 1).replace(/ {2000}/, ''))))).toBe(
    xmpOfSourceType(TRAINED)
  )
})

it('stands behind JFIF and EXIF in a jpeg, and gives a plain WebP its canvas', async () => {
  const exif = jpegSegment(0xe1, Buffer.concat([EXIF_PREFIX, exifBlock(6)]))
  const plain = await make('jpeg')
  const jfif = jpegSegment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1'))
  const image = Buffer.concat([plain.subarray(0, 2), jfif, exif, plain.subarray(2)])
  const marked = await mark(image)
  expect(marked.subarray(0, 2 + jfif.length + exif.length)).toEqual(image.subarray(0, 2 + jfif.length + exif.length))
  expect(await read(marked)).toMatchObject({ Orientation: expect.anything(), DigitalSourceType: TRAINED })

  const webp = await pattern(65, 47, 4).webp({ lossless: true }).toBuffer()
  expect(webp.toString('latin1', 12, 16)).toBe('VP8L')
  expect(await sharp(await mark(webp)).metadata()).toMatchObject({ width: 65, height: 47, hasAlpha: true })
  expect(await inspectSource(await mark(webp), 1e6)).toMatchObject({ width: 65, height: 47, hasAlpha: true })
})
