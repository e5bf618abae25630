import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { EngineError } from '../engines/engine.ts'

/** The bytes of a source image or mask, from the gateway. */
export async function openInput(input: { url: string; token: string; signal: AbortSignal }): Promise<Readable> {
  const response = await fetch(input.url, { headers: { authorization: `Bearer ${input.token}` }, signal: input.signal })
  if (!response.ok || !response.body) {
    await response.arrayBuffer()
    throw new EngineError('crashed', 'The source image could not be fetched from the gateway.')
  }
  return Readable.fromWeb(response.body as ReadableStream)
}
