export interface FormPart {
  /** Undefined: a part without a name. */
  name?: string
  body: Buffer | string
  filename?: string
  type?: string
  /** Instead of the `content-disposition` made of the above. */
  headers?: string[]
}

export interface MultipartOptions {
  boundary?: string
  preamble?: string
  epilogue?: string
  /** Without it the body just stops behind the last part. */
  final?: boolean
  newline?: string
}

/** A `multipart/form-data` body, byte by byte as given: no client sends some of these. */
export function multipart(
  parts: readonly FormPart[],
  { boundary = 'a-Boundary', preamble = '', epilogue = '', final = true, newline = '\r\n' }: MultipartOptions = {}
): { body: Buffer; contentType: string } {
  const pieces: (Buffer | string)[] = [preamble]
  for (const part of parts) {
    const headers = [...(part.headers ?? [dispositionOf(part)]), ...(part.type ? [`Content-Type: ${part.type}`] : [])]
    pieces.push(`--${boundary}${newline}`, headers.join(newline), newline + newline, part.body, newline)
  }
  pieces.push(final ? `--${boundary}--${newline}` : '', epilogue)
  const body = Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
  return { body, contentType: `multipart/form-data; boundary=${boundary}` }
}

const dispositionOf = ({ name, filename }: FormPart): string =>
  [
    'Content-Disposition: form-data',
    name !== undefined && `name="${name}"`,
    filename !== undefined && `filename="${filename}"`
  ]
    .filter(Boolean)
    .join('; ')
