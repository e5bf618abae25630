import fc from 'fast-check'
import { PassThrough, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { multipart, type FormPart } from '../../../tests/support/multipart.ts'
import type { Assets } from '../../assets/assets.ts'
import type { SavedBytes } from '../../assets/save-asset.ts'
import { loadConfig } from '../../config/config.ts'
import { ImageInbox } from './image-inbox.ts'
import { receiveForm } from './receive-form.ts'

const BOUNDARY = 'a-Boundary'
const context = (assets: Partial<Assets>) => ({ assets: assets as Assets, config: loadConfig({}) })

/** Takes any bytes for an image; they are found again as the storage key. */
const save = async (source: Readable): Promise<SavedBytes> => {
  const bytes = await buffer(source)
  return {
    assetId: 'ast_x',
    storageKey: bytes.toString('hex'),
    bytes: bytes.length,
    isShared: false,
    sha256: '',
    mediaType: 'image/webp',
    width: 1,
    height: 1,
    hasAlpha: true
  }
}

/** What is received of a body that comes in these chunks. */
async function receive(chunks: readonly Buffer[], contentType: string) {
  const parts = context({ save: (source) => save(source) })
  const inbox = new ImageInbox(parts.assets, { kind: 'edit', limits: parts.config.limits })
  const request = new PassThrough()
  const received = receiveForm(parts, { headers: { 'content-type': contentType }, body: request, inbox })
  for (const chunk of chunks) request.write(chunk)
  request.end()
  const fields = await received
  return { fields, inputs: inbox.finish().map(({ kind, storageKey }) => [kind, storageKey]) }
}

function cutInto(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (let index = 0; at < bytes.length; index++) {
    const length = lengths.length === 0 ? bytes.length : Math.max(1, lengths[index % lengths.length]!)
    chunks.push(bytes.subarray(at, at + length))
    at += length
  }
  return chunks
}

/** Bytes that look like the end of a part as much as they may. */
const anyContent = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '\r',
          '\n',
          '-',
          '\r\n',
          '--',
          '\r\n--',
          `\r\n--${BOUNDARY.slice(0, -1)}`,
          `--${BOUNDARY}`,
          `\n--${BOUNDARY}--`,
          '\r\n\r\n',
          '\r\n--a-\r\n--a-B'
        )
        .map((text) => Buffer.from(text))
    ),
    { maxLength: 12 }
  )
  .map((pieces) => Buffer.concat(pieces))
  .filter((bytes) => !Buffer.concat([Buffer.from('\r\n'), bytes, Buffer.from('\r\n')]).includes(`\r\n--${BOUNDARY}`))

const anyText = fc.record({
  name: fc.stringMatching(/^[a-z_]{1,12}$/).filter((name) => name !== 'image' && name !== 'mask'),
  body: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\r\n--', '')),
    fc.constant('')
  )
})
const anyImage = fc.record({
  name: fc.constantFrom('image', 'image[]'),
  body: anyContent,
  filename: fc.constantFrom('a.png', 'x')
})
const anyMask = fc.option(
  fc.record({ name: fc.constantFrom('mask', 'mask[]'), body: anyContent, filename: fc.constant('m') })
)
const anyForm = fc
  .record({
    texts: fc.array(anyText, { maxLength: 6 }),
    images: fc.array(anyImage, { minLength: 1, maxLength: 5 }),
    mask: anyMask
  })
  .chain(({ texts, images, mask }) => {
    const parts: FormPart[] = [...texts, ...images, ...(mask ? [mask] : [])]
    return fc.shuffledSubarray(parts, { minLength: parts.length })
  })

describe('receiveForm', () => {
  it('finds the same fields and bytes in any order and however the body is cut', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(anyForm, lengths, async (parts, cuts) => {
        const { body, contentType } = multipart(parts, { boundary: BOUNDARY })
        const texts = parts.filter(({ filename }) => filename === undefined)
        const isMask = ({ name }: FormPart) => name!.startsWith('mask')
        const files = parts.filter(({ filename }) => filename !== undefined)
        const wanted = [...files.filter((part) => !isMask(part)), ...files.filter(isMask)]
        expect(await receive(cutInto(body, cuts), contentType)).toEqual({
          fields: Object.fromEntries(texts.map(({ name, body: text }) => [name, text])),
          inputs: wanted.map((part) => [isMask(part) ? 'mask' : 'input', (part.body as Buffer).toString('hex')])
        })
      }),
      { numRuns: 400 }
    )
  })

  it('keeps to the numbers of images, whatever order they come in', async () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 16 })
    await fc.assert(
      fc.asyncProperty(numbers, async (order) => {
        const parts = order.map((number) => ({ name: `image[${number}]`, filename: 'a', body: Buffer.of(number) }))
        const { inputs } = await receive(...entire(multipart(parts)))
        const sorted = order.toSorted((a, b) => a - b)
        expect(inputs).toEqual(sorted.map((number) => ['input', Buffer.of(number).toString('hex')]))
      }),
      { numRuns: 60 }
    )
  })

  it('refuses a body that stops anywhere before its end', async () => {
    const { body, contentType } = multipart([
      { name: 'prompt', body: 'a fox' },
      { name: 'image', filename: 'a', body: Buffer.from('\r\n--a-Bound\r\n') }
    ])
    // Whoever has seen the second of the last two dashes has seen everything.
    for (let length = 0; length < body.length - '\r\n'.length; length++) {
      await expect(receive([body.subarray(0, length)], contentType), `${length} bytes`).rejects.toMatchObject({
        code: 'invalid_request'
      })
    }
    await receive([body.subarray(0, -2)], contentType)
  })

  it('never fails with anything but an error for the caller', async () => {
    const anyBody = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
        fc
          .constantFrom(
            `--${BOUNDARY}`,
            '\r\n',
            '--',
            'content-disposition: form-data; name="image"',
            '; filename=x',
            ':',
            ';',
            '"',
            '='
          )
          .map((text) => Buffer.from(text))
      ),
      { maxLength: 40 }
    )
    await fc.assert(
      fc.asyncProperty(anyBody, async (chunks) => {
        const outcome = await receive(chunks, `multipart/form-data; boundary=${BOUNDARY}`).catch(
          (error: unknown) => error
        )
        if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'AppError' })
      }),
      { numRuns: 1000 }
    )
  })
})

const entire = ({ body, contentType }: { body: Buffer; contentType: string }): [Buffer[], string] => [
  [body],
  contentType
]
