/** The base64 of bytes that come in pieces, as ASCII in pieces of about their size. */
export async function* encodeBase64(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  /** Less than the three bytes that make four digits. */
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of source) {
    const missing = rest.length === 0 ? 0 : 3 - rest.length
    if (piece.length < missing) {
      rest = Buffer.concat([rest, piece])
      continue
    }
    const begun = Buffer.concat([rest, piece.subarray(0, missing)]).toString('base64')
    const end = piece.length - ((piece.length - missing) % 3)
    // A copy: what brings the pieces may use their memory again.
    rest = Buffer.from(piece.subarray(end))
    const digits = begun + piece.toString('base64', missing, end)
    if (digits !== '') yield Buffer.from(digits, 'latin1')
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'), 'latin1')
}

/** How many digits they are. */
export const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4
