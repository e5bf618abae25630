import { errors } from '../lib/errors.ts'

export interface TextSource {
  /** As the caller's headers or form name it, by any label of the WHATWG's Encoding standard. Absent: UTF-8. */
  charset?: string | undefined
  /** Of a message, at the beginning of a sentence: `The body`, `'prompt'`. */
  what: string
  /** The field at fault. */
  param?: string
}

const MOST_LABEL_CHARACTERS = 40

/**
 * Bytes of a caller → text, without a byte order mark. Nothing is guessed or replaced: what is no text in its charset
 * throws `invalid_request`, a charset that is not known `unsupported_media_type`.
 */
export function decodeText(bytes: Uint8Array, { charset, what, param }: TextSource): string {
  const decoder = decoderOf(charset || 'utf-8', { what, ...(param !== undefined && { param }) })
  try {
    return decoder.decode(bytes)
  } catch {
    const message = charset
      ? `${what} is not ${decoder.encoding} text, as its charset says.`
      : `${what} is not UTF-8 text. Send UTF-8, or name the encoding in the content-type: charset=windows-1252.`
    throw errors.invalidRequest(message, param)
  }
}

function decoderOf(label: string, { what, param }: TextSource): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(label, { fatal: true })
  } catch {
    const shown = label.slice(0, MOST_LABEL_CHARACTERS)
    throw errors.unsupportedMediaType(`${what} has the charset '${shown}', which is not known here. Send UTF-8.`, param)
  }
}

/** The `charset` parameter of a content type. */
export const charsetOf = (contentType: string | undefined): string | undefined =>
  /;\s*charset\s*=\s*["']?([^"';,\s]+)/i.exec(contentType ?? '')?.[1]

/** The encoding that a byte order mark of UTF-16 tells of; undefined when there is none. */
export function markedCharset(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined
}
