import type { Readable } from 'node:stream'
import { EngineError } from '../engines/engine.ts'
import { GrowingBytes } from '../engines/growing-bytes.ts'
import { readPieces } from '../lib/read-pieces.ts'

/**
 * The body of an answer of the gateway, at most `maxBytes` of it, counted while they come; `expected`: how many it says that they
 * are. Throws `EngineError` past that, and lets go of the connection.
 */
export async function readAnswer(
  body: Readable,
  { maxBytes, expected = 0 }: { maxBytes: number; expected?: number }
): Promise<Buffer> {
  const bytes = new GrowingBytes(expected)
  const isWhole = await readPieces(body, (piece) => {
    if (bytes.length + piece.length > maxBytes) return false
    bytes.absorb(piece)
    return true
  })
  if (!isWhole) throw new EngineError('crashed', `The gateway sent more than ${maxBytes} bytes.`)
  return bytes.taken()
}
