import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  EXIF_PREFIX,
  exifBlock,
  idat,
  ihdr,
  inspect,
  jpegSegment,
  pattern,
  pngChunk,
  pngOf,
  riff,
  smallImages,
  SOI,
  vp8x,
  webpChunk
} from '../../../tests/support/test-images.ts'
import { ImageRejected } from '../image-rejected.ts'
import { sniffMediaType } from '../sniff-media-type.ts'
import { stripMetadata } from './strip-metadata.ts'
import { xmpOfSourceType } from './source-type.ts'

const TRAINED = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia'
const SECRET = 'a fox <lora:secret_v2:0.8> /home/anna/models'

const strip = (image: Buffer) => stripMetadata(image, sniffMediaType(image)!)
const text = (name: string) => Buffer.from(`${name}\0${SECRET}`)
const xmpPacket = (inner: string, more = '') =>
  Buffer.from(
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"${more}><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
      `${inner}</rdf:RDF></x:xmpmeta>`
  )
const SOURCE_TYPE_ATTRIBUTE = `xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="${TRAINED}"`
const alone = xmpPacket(`<rdf:Description rdf:about="" ${SOURCE_TYPE_ATTRIBUTE}/>`, ' x:xmptk="XMP Core 5.6.0"')
const among = xmpPacket(`<rdf:Description rdf:about="" ${SOURCE_TYPE_ATTRIBUTE} dc:description="${SECRET}"/>`)
const without = xmpPacket(`<rdf:Description rdf:about="" dc:description="${SECRET}"/>`)
const manifest = Buffer.from(
  '\0\0\0\x40jumb\0\0\0\x20jumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\x03c2pa\0…',
  'latin1'
)
/** EXIF as AUTOMATIC1111 writes it: a directory that leads to a comment. */
const exifOfWords = (orientation: number) => {
  const block = Buffer.concat([exifBlock(orientation), Buffer.from(`UNICODE\0${SECRET}`, 'utf16le')])
  return block
}

const iTXt = (xmp: Buffer) => pngChunk('iTXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\0\0\0\0'), xmp]))
const jumbf = (box: number, piece: number, payload: Buffer) => {
  const head = Buffer.from('JP\0\0\0\0\0\0', 'latin1')
  head.writeUInt16BE(box, 2)
  head.writeUInt32BE(piece, 4)
  return jpegSegment(0xeb, Buffer.concat([head, payload]))
}

/** What goes into a file of each format, behind its head. */
const png = (...chunks: Buffer[]) => pngOf(ihdr(), ...chunks, idat())
const plainJpeg = await pattern(9, 7, 3).jpeg().toBuffer()
const jpeg = (...segments: Buffer[]) => Buffer.concat([SOI, ...segments, plainJpeg.subarray(2)])
const plainWebp = (await pattern(9, 7, 3).webp().toBuffer()).subarray(12)
const webp = (flags: number, ...chunks: Buffer[]) => riff(vp8x({ width: 9, height: 7, flags }), plainWebp, ...chunks)
const xmpSegment = (xmp: Buffer) =>
  jpegSegment(0xe1, Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0'), xmp]))
const exifSegment = (block: Buffer) => jpegSegment(0xe1, Buffer.concat([EXIF_PREFIX, block]))

const FORMATS: Record<
  string,
  { words: Buffer; xmp: (xmp: Buffer) => Buffer; exif: (block: Buffer) => Buffer; marked: Buffer }
> = {
  png: {
    words: png(
      pngChunk('tEXt', text('parameters')),
      pngChunk('tEXt', text('prompt')),
      pngChunk('tEXt', text('sd-metadata')),
      pngChunk('zTXt', Buffer.concat([Buffer.from('workflow\0\0'), deflateSync(SECRET)])),
      pngChunk('iTXt', Buffer.from(`invokeai_graph\0\0\0\0\0${SECRET}`)),
      pngChunk('eXIf', exifOfWords(1)),
      pngChunk('tIME', Buffer.alloc(7)),
      pngChunk('prVt', Buffer.from(SECRET)),
      iTXt(without)
    ),
    xmp: (xmp) => png(iTXt(xmp)),
    exif: (block) => png(pngChunk('eXIf', block)),
    marked: png(pngChunk('caBX', manifest), iTXt(alone))
  },
  jpeg: {
    words: jpeg(
      jpegSegment(0xfe, Buffer.from(SECRET)),
      jpegSegment(0xed, Buffer.from(`Photoshop 3.0\0${SECRET}`)),
      jpegSegment(0xe0, Buffer.from(`JFXX\0${SECRET}`)),
      jpegSegment(0xe1, Buffer.from(`http://ns.adobe.com/xmp/extension/\0${SECRET}`)),
      jpegSegment(0xee, Buffer.from(`Adobe\0d\0\0\0\0\x01${SECRET}`)),
      exifSegment(exifOfWords(1)),
      xmpSegment(without),
      jumbf(2, 1, Buffer.from(`\0\0\0\x40jumb\0\0\0\x20jumdjson${SECRET}`)),
      Buffer.from(SECRET)
    ),
    xmp: (xmp) => jpeg(xmpSegment(xmp)),
    exif: (block) => jpeg(exifSegment(block)),
    marked: jpeg(jumbf(1, 1, manifest), jumbf(1, 2, Buffer.from('the rest of it')), xmpSegment(alone))
  },
  webp: {
    words: webp(
      0x0c,
      webpChunk('EXIF', exifOfWords(1)),
      webpChunk('XMP ', without),
      webpChunk('ABCD', Buffer.from(SECRET))
    ),
    xmp: (xmp) => webp(0x04, webpChunk('XMP ', xmp)),
    exif: (block) => webp(0x08, webpChunk('EXIF', block)),
    marked: webp(0x04, webpChunk('C2PA', manifest), webpChunk('XMP ', alone))
  }
}

const pixels = (image: Buffer) => sharp(image, { failOn: 'error' }).raw().toBuffer()
const xmpOf = async (image: Buffer) => (await sharp(image).metadata()).xmp?.toString()

describe.each(Object.entries(FORMATS))('metadata of a %s', (_format, { words, xmp, exif, marked }) => {
  it('goes with every word, and the pixels stay', async () => {
    const { bytes, hasManifest, sourceType } = strip(words)
    expect(bytes.length).toBeLessThan(words.length)
    for (const encoding of ['latin1', 'utf16le'] as const) {
      expect(bytes.includes(Buffer.from(SECRET.slice(2, 20), encoding))).toBe(false)
    }
    expect(await sharp(bytes).metadata()).not.toHaveProperty(['exif'])
    const { exif: left, xmp: packet, comments } = await sharp(bytes).metadata()
    expect([left, packet, comments]).toEqual([undefined, undefined, undefined])
    expect(await pixels(bytes)).toEqual(await pixels(words))
    expect(inspect(bytes)).toEqual(inspect(words))
    expect({ hasManifest, sourceType }).toEqual({ hasManifest: false, sourceType: undefined })
  })

  it('goes with what follows the end of the image', () => {
    const whole = strip(words).bytes
    expect(strip(Buffer.concat([whole, Buffer.from(SECRET)])).bytes).toEqual(whole)
  })

  it('leaves the very bytes of a file that holds marks alone', () => {
    const stripped = strip(marked)
    expect(stripped.bytes).toBe(marked)
    expect(stripped).toMatchObject({ hasManifest: true, sourceType: TRAINED })
  })

  it('leaves the source type of an XMP packet that says more', async () => {
    for (const packet of [
      among,
      xmpPacket(`<rdf:Description rdf:about="${SECRET}" ${SOURCE_TYPE_ATTRIBUTE}/>`),
      xmpPacket(`<rdf:Description rdf:about="" xmlns:p="${SECRET}" ${SOURCE_TYPE_ATTRIBUTE}/>`),
      xmpPacket(`<rdf:Description rdf:about="" ${SOURCE_TYPE_ATTRIBUTE}/>`, ` x:xmptk="${SECRET}"`),
      xmpPacket(`<!-- ${SECRET} --><rdf:Description rdf:about="" ${SOURCE_TYPE_ATTRIBUTE}/>`),
      Buffer.concat([alone, Buffer.from(SECRET)])
    ]) {
      const stripped = strip(xmp(packet))
      expect(await xmpOf(stripped.bytes)).toBe(xmpOfSourceType(TRAINED))
      expect(stripped.sourceType).toBe(TRAINED)
    }
    expect(await xmpOf(strip(xmp(without)).bytes)).toBeUndefined()
  })

  it('leaves a packet that names the source type in another spelling, and nothing else', () => {
    const names = 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    for (const packet of [
      Buffer.from(xmpOfSourceType(TRAINED)),
      xmpPacket(
        `<rdf:Description rdf:about="" ${names}><Iptc4xmpExt:DigitalSourceType>${TRAINED}</Iptc4xmpExt:DigitalSourceType></rdf:Description>`
      ),
      xmpPacket(
        `<rdf:Description rdf:about='' ${names}>\n <Iptc4xmpExt:DigitalSourceType rdf:resource="${TRAINED}"/>\n</rdf:Description>`
      )
    ]) {
      const image = xmp(packet)
      expect(strip(image).bytes).toBe(image)
    }
  })

  it('leaves the orientation, and of EXIF nothing that could be words', async () => {
    for (const orientation of [2, 6, 8]) {
      const turned = strip(exif(exifOfWords(orientation)))
      expect((await sharp(turned.bytes).metadata()).orientation).toBe(orientation)
      expect(inspect(turned.bytes).orientation).toBe(orientation)
      expect(strip(turned.bytes).bytes).toBe(turned.bytes)
      const plain = exif(exifBlock(orientation))
      expect(strip(plain).bytes).toBe(plain)
    }
  })

  it('cut off anywhere is damaged or harmless, and never read beyond its end', () => {
    for (let length = 12; length < words.length; length++) {
      try {
        strip(words.subarray(0, length))
      } catch (error) {
        expect(error).toBeInstanceOf(ImageRejected)
      }
    }
  })

  it('with any byte wrong does not stray', () => {
    for (let at = 12; at < words.length; at++) {
      const wrong = Buffer.from(words)
      wrong[at] = wrong[at]! ^ 0xff
      try {
        strip(wrong)
      } catch (error) {
        expect(error).toBeInstanceOf(ImageRejected)
      }
    }
  })
})

describe('metadata', () => {
  it('is not there in what encoders make: such files stay as they are', async () => {
    for (const [name, image] of Object.entries(await smallImages())) {
      if (!name.includes('exif')) expect(strip(image).bytes, name).toBe(image)
      expect(inspect(strip(image).bytes), name).toEqual(inspect(image))
    }
  })

  it('leaves colour profiles', async () => {
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const image = await pattern(9, 7, 3).withIccProfile('p3').toFormat(format).toBuffer()
      const { icc } = await sharp(image).metadata()
      expect((await sharp(strip(image).bytes).metadata()).icc).toEqual(icc)
    }
  })

  it('goes in many pieces within moments', () => {
    const pieces = (count: number, piece: Buffer) => Buffer.concat(Array<Buffer>(count).fill(piece))
    const many = png(pieces(10_000, pngChunk('tEXt', Buffer.from('a\0b'))))
    expect(strip(many).bytes).toEqual(png())
    const comments = jpeg(pieces(10_000, jpegSegment(0xfe, Buffer.from('b'))))
    expect(strip(comments).bytes).toEqual(plainJpeg)
    const chunks = webp(0, pieces(10_000, webpChunk('ABCD', Buffer.from('b'))))
    expect(strip(chunks).bytes).toEqual(webp(0))
    expect(() => strip(png(pieces(65_536, pngChunk('tEXt'))))).toThrow(ImageRejected)
  })

  it('of many megabytes is not searched to its end, and not unpacked without bounds', () => {
    const giant = Buffer.concat([alone, Buffer.alloc(20_000_000, ' ')])
    expect(strip(png(iTXt(giant))).bytes).toEqual(png())
    const packed = Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\x01\0\0\0'), deflateSync(Buffer.alloc(50_000_000))])
    expect(strip(png(pngChunk('iTXt', packed))).bytes).toEqual(png())
    const deep = xmpPacket(`${'<rdf:Description '.repeat(3000)}${SOURCE_TYPE_ATTRIBUTE}`)
    expect(strip(png(iTXt(deep))).bytes).toEqual(png(iTXt(Buffer.from(xmpOfSourceType(TRAINED)))))
  })

  it('of XMP as libvips writes it leaves the source type where others read it', async () => {
    const image = await pattern(2, 2, 3).withXmp(xmpOfSourceType(TRAINED)).png().toBuffer()
    expect(image.includes('iTXt')).toBe(false)
    const { bytes, sourceType } = strip(image)
    expect(sourceType).toBe(TRAINED)
    expect(bytes.includes(iTXt(Buffer.from(xmpOfSourceType(TRAINED))))).toBe(true)
    expect(await xmpOf(bytes)).toBe(xmpOfSourceType(TRAINED))
    expect(strip(png(pngChunk('tEXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0'), alone])))).bytes).toEqual(
      png(iTXt(alone))
    )
  })

  it('of many packets is that of the first, and no other is unpacked', () => {
    const packed = (text: Buffer) =>
      pngChunk('zTXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\0'), deflateSync(text)]))
    const bomb = packed(Buffer.alloc(1024 * 1024))
    const began = performance.now()
    expect(strip(png(iTXt(alone), ...Array<Buffer>(10_000).fill(bomb))).bytes).toEqual(png(iTXt(alone)))
    expect(strip(png(...Array<Buffer>(10_000).fill(packed(Buffer.alloc(2 * 1024 * 1024))))).bytes).toEqual(png())
    expect(performance.now() - began).toBeLessThan(5000)
  })

  it('of XMP that is packed, or has a translation, leaves the source type in the plain', () => {
    const plain = png(iTXt(Buffer.from(xmpOfSourceType(TRAINED))))
    const packed = Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\x01\0\0\0'), deflateSync(among)])
    expect(strip(png(pngChunk('iTXt', packed))).bytes).toEqual(plain)
    const translated = Buffer.concat([Buffer.from(`XML:com.adobe.xmp\0\0\0en\0${SECRET}\0`), alone])
    expect(strip(png(pngChunk('iTXt', translated))).bytes).toEqual(png(iTXt(alone)))
  })

  it('of a manifest tells the source type of the image, not of what it was made from', () => {
    const capture = TRAINED.replace('trainedAlgorithmicMedia', 'digitalCapture')
    const store = Buffer.concat([manifest, Buffer.from(`${capture}\0${TRAINED}\0`)])
    expect(strip(png(pngChunk('caBX', store))).sourceType).toBe(TRAINED)
  })
})
