import type { Readable } from 'node:stream'
import { readPieces } from './read-pieces.ts'

/**
 * All bytes of a stream, as one. A piece that is alone is given as it is; of more there is one copy. The `buffer()` of Node makes
 * two of everything, one of which is memory that nobody counts.
 */
export async function wholeOf(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = []
  await readPieces(stream, (piece) => pieces.push(piece) > 0)
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
}
