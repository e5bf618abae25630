import { randomUUID } from 'node:crypto'
import type { TypedBody } from '../upstream-http.ts'

export interface MultipartFile {
  field: string
  filename: string
  mediaType: string
  bytes: Uint8Array
}

/**
 * A `multipart/form-data` body, of which the bytes of files are not copied. Numbers and booleans become text, nested values `name[key]` and `name[]`; null and
 * undefined are left out. Not `FormData`, because that turns every line break of a prompt into CRLF.
 */
export function multipartBody(fields: Record<string, unknown>, files: readonly MultipartFile[]): TypedBody {
  const boundary = `inference-club-${randomUUID()}`
  const parts: Uint8Array[] = []
  const add = (text: string) => void parts.push(Buffer.from(text))
  const open = (name: string, more: string) =>
    add(`--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"${more}\r\n\r\n`)

  for (const [name, text] of Object.entries(fields).flatMap(([name, value]) => textFields(name, value))) {
    open(name, '')
    add(`${text}\r\n`)
  }
  for (const file of files) {
    open(file.field, `; filename="${quoted(file.filename)}"\r\ncontent-type: ${file.mediaType}`)
    parts.push(file.bytes)
    add('\r\n')
  }
  add(`--${boundary}--\r\n`)
  return { mediaType: `multipart/form-data; boundary=${boundary}`, body: parts }
}

function textFields(name: string, value: unknown): [name: string, text: string][] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item) => textFields(`${name}[]`, item))
  if (typeof value === 'object')
    return Object.entries(value).flatMap(([key, item]) => textFields(`${name}[${key}]`, item))
  return [[name, String(value)]]
}

/** https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
const quoted = (name: string): string => name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')
