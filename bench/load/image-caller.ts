import { Pool } from 'undici'
import type { Target } from '../targets/target.ts'
import { type ImageCall, writeCall } from './write-call.ts'

/** What one call came to. */
export interface Answer {
  /** From when it was due until its last byte. */
  ms: number
  /** Absent when all is well. */
  failure?: string
}

export interface ImageCaller {
  /** Reads the answer to its end and throws it away; `dueAt` of `performance.now()`, default: now. Never throws. */
  call(call: ImageCall, dueAt?: number): Promise<Answer>
  /** Asks once and looks at what comes: whether it is a picture. Gives where it is, for a link; throws what is wrong. */
  check(call: ImageCall): Promise<string | undefined>
  close(): Promise<void>
}

/** In no run does an answer take so long, but for what has come to a stop. */
const TIMEOUT_MS = 240_000
const MOST_OF_A_FAILURE = 300
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/**
 * Calls a target over at most so many connections. An answer that has to have the picture in it and is shorter than a
 * picture of `leastBytes` in base64 is a failure.
 */
export function createImageCaller(
  target: Target,
  { connections, leastBytes }: { connections: number; leastBytes: number }
): ImageCaller {
  const timeouts = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS }
  const pool = new Pool(new URL(target.baseUrl).origin, { connections, pipelining: 1, ...timeouts })
  const ask = (call: ImageCall) => pool.request({ method: 'POST', ...writeCall(target, call) })
  const leastOfAnswer = target.fields.response_format === 'b64_json' ? (leastBytes / 3) * 4 : 1

  async function findFailure(call: ImageCall): Promise<string | undefined> {
    const { statusCode, body } = await ask(call)
    if (statusCode !== 200) return `${statusCode} ${await body.text()}`.slice(0, MOST_OF_A_FAILURE)
    let length = 0
    for await (const chunk of body as AsyncIterable<Buffer>) length += chunk.length
    return length < leastOfAnswer ? `an answer of ${length} bytes` : undefined
  }

  return {
    call: async (call, dueAt = performance.now()) => {
      const failure = await findFailure(call).catch(String)
      return { ms: performance.now() - dueAt, ...(failure !== undefined && { failure }) }
    },
    check: async (call) => {
      const { statusCode, body } = await ask(call)
      if (statusCode !== 200) throw new Error(`${statusCode} ${await body.text()}`)
      const { data } = (await body.json()) as { data: { url?: string; b64_json?: string }[] }
      const bytes = await bytesOf(data[0] ?? {}, target)
      if (bytes.length < leastBytes || !bytes.subarray(0, PNG.length).equals(PNG))
        throw new Error(`an answer of ${bytes.length} bytes that are not the picture`)
      return data[0]?.url
    },
    close: () => pool.destroy()
  }
}

async function bytesOf(image: { url?: string; b64_json?: string }, target: Target): Promise<Buffer> {
  const wanted = image[target.fields.response_format]
  if (wanted === undefined) throw new Error(`an answer without ${target.fields.response_format}`)
  if (target.fields.response_format === 'b64_json') return Buffer.from(wanted, 'base64')
  return Buffer.from(await (await fetch(wanted, { headers: target.headers })).arrayBuffer())
}
