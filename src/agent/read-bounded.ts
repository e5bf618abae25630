import type { Readable } from 'node:stream'
import { EngineError } from '../engines/engine.ts'

/** The whole of a stream, at most `maxBytes` of it. Throws `EngineError` `bad_output` past that. */
export async function readBounded(stream: Readable, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  const stop = () => stream.destroy(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length
      if (bytes > maxBytes) throw new EngineError('bad_output', `The image is larger than ${maxBytes} bytes.`)
      chunks.push(chunk as Buffer)
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
  // An engine that has it whole gives it as one.
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}
