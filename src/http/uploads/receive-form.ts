import type { IncomingMessage } from 'node:http'
import { type Readable } from 'node:stream'
import { Busboy, type BusboyHeaders } from '@fastify/busboy'
import { toError } from '../../lib/async.ts'
import { AppError, errors } from '../../lib/errors.ts'
import type { ImageInbox } from './image-inbox.ts'

/** Far above what any client sends; bounds what a hostile one can make us keep. */
const MOST_FIELDS = 200

/**
 * Reads a multipart form: text fields are returned, images go to the inbox while they arrive. Parts may come in any
 * order, images as `image`, `image[]` or `image[0]`, with or without a file name. Throws the first thing that is
 * wrong, at once; what was stored by then is the caller's to discard.
 */
export async function receiveForm(
  request: IncomingMessage,
  options: { inbox: ImageInbox; maxFieldBytes: number }
): Promise<Record<string, unknown>> {
  const { inbox, maxFieldBytes } = options
  const form = openForm(request, maxFieldBytes)
  const fields = new Map<string, string>()
  const saving: Promise<void>[] = []

  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown) => reject(asFormError(error))
    form.on('field', (name, value, _nameTruncated, truncated) => {
      if (truncated) fail(errors.requestTooLarge(`'${name}' is larger than ${maxFieldBytes} bytes.`, name))
      fields.set(name, value)
    })
    form.on('file', (name, stream, _filename, _encoding, type) => {
      // Destroyed with the form when something else fails: that is told already.
      stream.on('error', fail)
      saving.push(save(inbox, { name, stream, type }).catch(fail))
    })
    form.on('fieldsLimit', () => fail(errors.invalidRequest(`A form may have at most ${MOST_FIELDS} fields.`)))
    form.on('partsLimit', () => fail(errors.invalidRequest('The form has too many parts.')))
    form.on('error', fail)
    form.on('finish', () => void Promise.all(saving).then(() => resolve()))
    request.once('aborted', () => fail(new Error('the caller left')))
    request.once('error', fail)
    request.pipe(form)
  }).finally(async () => {
    request.unpipe(form)
    form.destroy()
    await Promise.all(saving)
  })
  return Object.fromEntries(fields)
}

function openForm(request: IncomingMessage, maxFieldBytes: number): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders,
      limits: { fieldSize: maxFieldBytes, fields: MOST_FIELDS, parts: MOST_FIELDS * 2 },
      // Some clients send files without a file name; the field's name decides.
      isPartAFile: (name, type, filename) =>
        filename !== undefined || fileField(name ?? '') !== undefined || type === 'application/octet-stream'
    })
  } catch {
    throw errors.invalidRequest("The multipart form has no valid boundary in its 'content-type'.")
  }
}

/** `image`, `image[]`, `image[3]`; the same for the mask. Undefined for every other name. */
function fileField(name: string): 'input' | 'mask' | undefined {
  const base = /^(image|mask)(\[\d*\])?$/.exec(name)?.[1]
  return base === 'image' ? 'input' : base === 'mask' ? 'mask' : undefined
}

async function save(inbox: ImageInbox, part: { name: string; stream: Readable; type: string }): Promise<void> {
  const kind = fileField(part.name)
  if (!kind)
    throw errors.invalidRequest(`'${part.name}' is not a file this call takes: send 'image' and 'mask'.`, part.name)
  await inbox.add(kind, part.name, part.stream, part.type)
}

const asFormError = (error: unknown): Error =>
  error instanceof AppError || isSystemError(error)
    ? error
    : errors.invalidRequest(`The multipart form is damaged or incomplete: ${toError(error).message}.`)

const isSystemError = (error: unknown): error is Error => (error as NodeJS.ErrnoException).code !== undefined
