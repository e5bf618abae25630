import { EngineError } from '../engines/engine.ts'

/**
 * The body of an answer of the gateway, at most `maxBytes` of it, counted while they come. Throws `EngineError` past that,
 * and lets go of the connection.
 */
export async function readAnswer(body: AsyncIterable<unknown>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new EngineError('crashed', `The gateway sent more than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
