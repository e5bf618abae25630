import { Readable } from 'node:stream'
import { multipart } from '../../tests/support/multipart.ts'
import { MODEL } from '../../tests/support/process-site.ts'
import type { Target } from '../targets/target.ts'

export interface ImageCall {
  /** Pieces of a PNG, of which the call is to be an edit, sent in a form as the official clients do; none: a generation. */
  photo?: readonly Buffer[]
  /** Events as they come, instead of an answer at the end. */
  isStream?: true
}

/** What goes over the wire. A photo is sent from where it lies, so that what is measured is not a caller who copies. */
export function writeCall(target: Target, { photo, isStream }: ImageCall) {
  const fields = { model: MODEL, prompt: 'a red fox', ...target.fields }
  const path = `${new URL(target.baseUrl).pathname}/images/${photo ? 'edits' : 'generations'}`
  if (!photo) {
    const body = JSON.stringify({ ...fields, ...(isStream && { stream: true }) })
    return { path, headers: { ...target.headers, 'content-type': 'application/json' }, body }
  }
  const form = multipart([
    ...Object.entries(fields).map(([name, body]) => ({ name, body })),
    { name: 'image', filename: 'photo.png', type: 'image/png', body: '' }
  ])
  const end = form.body.lastIndexOf('\r\n--')
  const pieces = [form.body.subarray(0, end), ...photo, form.body.subarray(end)]
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const headers = { ...target.headers, 'content-type': form.contentType, 'content-length': String(length) }
  return { path, headers, body: Readable.from(pieces) }
}
