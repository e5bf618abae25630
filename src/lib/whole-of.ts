/**
 * All bytes of a stream, as one. A piece that is alone is given as it is; of more there is one copy. The `buffer()` of Node makes
 * two of everything, one of which is memory that nobody counts.
 */
export async function wholeOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece)
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
}
