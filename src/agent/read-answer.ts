import { EngineError } from '../engines/engine.ts'
import { GrowingBytes } from '../engines/growing-bytes.ts'

/**
 * The body of an answer of the gateway, at most `maxBytes` of it, counted while they come; `expected`: how many it says that they
 * are. Throws `EngineError` past that, and lets go of the connection.
 */
export async function readAnswer(
  body: AsyncIterable<unknown>,
  { maxBytes, expected = 0 }: { maxBytes: number; expected?: number }
): Promise<Buffer> {
  const bytes = new GrowingBytes(expected)
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    if (bytes.length + chunk.length > maxBytes) {
      throw new EngineError('crashed', `The gateway sent more than ${maxBytes} bytes.`)
    }
    bytes.append(chunk)
  }
  return bytes.taken()
}
