import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import { toError } from '../../lib/async.ts'
import { errors } from '../../lib/errors.ts'
import { BodyReception } from './body-reception.ts'
import type { HttpContext } from '../http-context.ts'
import type { ImageInbox } from './image-inbox.ts'
import { saveUpload } from './save-upload.ts'

/** Far above what any client sends; bounds what a hostile one can make us keep. */
const MOST_PARTS = 200
const MOST_HEADER_BYTES = 16_384

/**
 * Reads a multipart form: text fields are returned, images go to the inbox while they arrive. Parts may come in any
 * order, images as `image`, `image[]` or `image[0]`, with or without a file name. Throws the first thing that is
 * wrong, at once; what was stored by then is the caller's to discard.
 */
export async function receiveForm(
  context: Pick<HttpContext, 'assets' | 'config'>,
  { request, inbox }: { request: IncomingMessage; inbox: ImageInbox }
): Promise<Record<string, unknown>> {
  const form = openForm(request)
  const reception = new BodyReception()
  const fields = new Map<string, string>()
  const { maxBodyBytes } = context.config.limits
  let textBytes = 0
  form.on('file', (name: string | undefined, part: Readable, filename: string | undefined, _encoding, type) => {
    const image = name === undefined ? undefined : imageField(name)
    reception.take(part, async () => {
      if (name === undefined) throw errors.invalidRequest('A part of the form has no name.')
      if (image) {
        const save = () => saveUpload(context, { bytes: part, declaredType: type })
        return inbox.add({ ...image, param: name, save, mayBeAbsent: !filename })
      }
      if (filename !== undefined) throw unknownFile(name)
      const text = await readText(part, (bytes) => {
        textBytes += bytes
        if (textBytes > maxBodyBytes) throw textTooLarge(maxBodyBytes, name)
      })
      fields.set(name, text)
    })
  })
  form.on('partsLimit', () =>
    reception.fail(errors.invalidRequest(`A form may have at most ${MOST_PARTS} fields and files.`))
  )
  form.on('error', (error) =>
    reception.fail(errors.invalidRequest(`The multipart form is damaged or incomplete: ${toError(error).message}.`))
  )
  await reception.run(request, form)
  return Object.fromEntries(fields)
}

function openForm(request: IncomingMessage): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders,
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

async function readText(part: Readable, count: (bytes: number) => void): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of part as AsyncIterable<Buffer>) {
    count(piece.length)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

const unknownFile = (name: string) =>
  errors.invalidRequest(`'${name}' is not a file this call takes: send 'image' and 'mask'.`, name)

const textTooLarge = (maxBytes: number, name: string) =>
  errors.requestTooLarge(`The text fields of the form have more than the ${maxBytes} bytes allowed.`, name)
