import { buffer } from 'node:stream/consumers'
import type { IncomingMessage } from 'node:http'
import { Busboy, type BusboyHeaders } from '@fastify/busboy'

export interface FormFile {
  field: string
  filename: string
  mediaType: string
  bytes: Buffer
}

export interface Form {
  /** A field sent twice holds its last value. */
  fields: Record<string, string>
  files: FormFile[]
}

/** Reads a `multipart/form-data` request whole. Throws when it is malformed. */
export async function readForm(request: IncomingMessage): Promise<Form> {
  const form: Form = { fields: {}, files: [] }
  const reading: Promise<void>[] = []
  const busboy = new Busboy({ headers: request.headers as BusboyHeaders })
  busboy.on('field', (name, value) => (form.fields[name] = value))
  busboy.on('file', (field, stream, filename, _encoding, mediaType) => {
    reading.push(buffer(stream).then((bytes) => void form.files.push({ field, filename, mediaType, bytes })))
  })
  await new Promise<void>((resolve, reject) => {
    busboy.once('finish', resolve)
    busboy.once('error', reject)
    request.once('error', reject)
    request.pipe(busboy)
  })
  await Promise.all(reading)
  return form
}
