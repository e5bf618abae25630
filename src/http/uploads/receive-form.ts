import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy, type BusboyHeaders, type Dicer } from '@fastify/busboy'
import { toError } from '../../lib/async.ts'
import type { Limits } from '../../config/config.ts'
import { errors } from '../../lib/errors.ts'
import { charsetOf, decodeText } from '../decode-text.ts'
import { BodyReception } from './body-reception.ts'
import type { HttpContext } from '../http-context.ts'
import type { ImageInbox } from './image-inbox.ts'
import { saveUpload } from './save-upload.ts'

/** Far above what any client sends; bounds what a hostile one can make us keep. */
const MOST_PARTS = 200
const MOST_HEADER_BYTES = 16_384

declare module 'fastify' {
  interface FastifyRequest {
    /** The body, when it is a form: nobody has read of it. */
    form?: Readable
  }
}

export const isFormType = (contentType: string): boolean => /^multipart\/form-data\b/i.test(contentType)

/** Bytes of a form in which everything is as large as it may be. */
export const largestForm = (limits: Pick<Limits, 'maxUploadBytes' | 'maxInputImages' | 'maxBodyBytes'>): number =>
  limits.maxUploadBytes * (limits.maxInputImages + 1) + limits.maxBodyBytes + MOST_PARTS * MOST_HEADER_BYTES

/**
 * Reads a multipart form: text fields are returned, images go to the inbox while they arrive. Parts may come in any
 * order, images as `image`, `image[]` or `image[0]`, with or without a file name. Text is UTF-8, or in the charset of its
 * part, of the field `_charset_` as HTML has it, or of the whole form. Throws the first thing that is wrong, at once; what
 * was stored by then is the caller's to discard.
 */
export async function receiveForm(
  context: Pick<HttpContext, 'assets' | 'config'>,
  { headers, body, inbox }: { headers: IncomingHttpHeaders; body: Readable; inbox: ImageInbox }
): Promise<Record<string, unknown>> {
  const form = openForm(headers)
  const charsetOfPart = readPartCharsets(form)
  const reception = new BodyReception()
  const fields = new Map<string, TextField>()
  const { maxBodyBytes } = context.config.limits
  let textBytes = 0
  form.on('file', (name: string | undefined, part: Readable, filename: string | undefined) => {
    const image = name === undefined ? undefined : imageField(name)
    const charset = charsetOfPart()
    reception.take(part, async () => {
      if (name === undefined) throw errors.invalidRequest('A part of the form has no name.')
      if (name.includes(REPLACEMENT)) throw errors.invalidRequest('The name of a field of the form is not UTF-8 text.')
      if (image) {
        const save = () => saveUpload(context, part)
        return inbox.add({ ...image, param: name, save, mayBeAbsent: !filename })
      }
      if (filename !== undefined) throw unknownFile(name)
      const bytes = await readBytes(part, (bytes) => {
        textBytes += bytes
        if (textBytes > maxBodyBytes) throw textTooLarge(maxBodyBytes, name)
      })
      fields.set(name, { bytes, charset })
    })
  })
  form.on('partsLimit', () =>
    reception.fail(errors.invalidRequest(`A form may have at most ${MOST_PARTS} fields and files.`))
  )
  form.on('error', (error) =>
    reception.fail(errors.invalidRequest(`The multipart form is damaged or incomplete: ${toError(error).message}.`))
  )
  await reception.run(body, form)
  return decodeFields(fields, charsetOf(headers['content-type']))
}

interface TextField {
  bytes: Buffer
  charset: string | undefined
}

/** What the form's parser puts where a name is not UTF-8. */
const REPLACEMENT = '\ufffd'
/** HTML: a field of this name tells the encoding of the form. */
const CHARSET_FIELD = '_charset_'

function decodeFields(fields: Map<string, TextField>, charsetOfForm: string | undefined): Record<string, unknown> {
  const named = fields.get(CHARSET_FIELD)?.bytes.toString('latin1').trim()
  fields.delete(CHARSET_FIELD)
  return Object.fromEntries(
    [...fields].map(([name, { bytes, charset }]) => [
      name,
      decodeText(bytes, { charset: charset ?? (named || charsetOfForm), what: `'${name}'`, param: name })
    ])
  )
}

/**
 * The charset of the part whose `file` event is being told. busboy keeps it to itself, so it is read from the headers as
 * they pass its parser.
 */
function readPartCharsets(form: InstanceType<typeof Busboy>): () => string | undefined {
  let charset: string | undefined
  const { parser } = (form as unknown as { _parser: { parser: InstanceType<typeof Dicer> } })._parser
  parser.prependListener('part', (part: Readable) => {
    part.on('header', (header: Record<string, string[] | undefined>) => {
      charset = charsetOf(header['content-type']?.[0])
    })
  })
  return () => charset
}

function openForm(headers: IncomingHttpHeaders): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: headers as BusboyHeaders,
      limits: { parts: MOST_PARTS, headerSize: MOST_HEADER_BYTES },
      // Text as well, so that too much of it is noticed while it arrives.
      isPartAFile: () => true
    })
  } catch {
    throw errors.invalidRequest("The multipart form has no valid boundary in its 'content-type'.")
  }
}

/** `image`, `image[]`, `image[3]`; the same for the mask. Undefined for every other name. */
function imageField(name: string): { kind: 'input' | 'mask'; index?: number } | undefined {
  const [, base, index] = /^(image|mask)(?:\[(\d{0,6})\])?$/.exec(name) ?? []
  if (base === undefined) return undefined
  return { kind: base === 'image' ? 'input' : 'mask', ...(index && { index: Number(index) }) }
}

async function readBytes(part: Readable, count: (bytes: number) => void): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of part as AsyncIterable<Buffer>) {
    count(piece.length)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

const unknownFile = (name: string) =>
  errors.invalidRequest(`'${name}' is not a file this call takes: send 'image' and 'mask'.`, name)

const textTooLarge = (maxBytes: number, name: string) =>
  errors.requestTooLarge(`The text fields of the form have more than the ${maxBytes} bytes allowed.`, name)
