import { Pool } from 'undici'
import { multipart } from '../../tests/support/multipart.ts'
import { MODEL } from '../../tests/support/process-site.ts'
import type { Target } from '../targets/target.ts'

/** What one call came to. */
export interface Answer {
  /** From when it was due until its last byte. */
  ms: number
  /** Absent when all is well. */
  failure?: string
}

export interface ImageCall {
  /** Makes it an edit of this PNG, sent in a form as the official clients do; without it, it is a generation. */
  photo?: Buffer
}

export interface ImageCaller {
  /** Reads the answer to its end and throws it away; `dueAt` of `performance.now()`, default: now. Never throws. */
  call(call: ImageCall, dueAt?: number): Promise<Answer>
  /** Asks once and looks at what comes: whether there is a picture of at least so many bytes. Throws what is wrong. */
  check(call: ImageCall, minBytes: number): Promise<void>
  close(): Promise<void>
}

const MOST_OF_A_FAILURE = 300
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/** Calls a target over at most so many connections. */
export function createImageCaller(target: Target, connections: number): ImageCaller {
  const { origin, pathname } = new URL(target.baseUrl)
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 120_000, bodyTimeout: 120_000 })
  const fields = { model: MODEL, prompt: 'a red fox', ...target.fields }
  const json = { body: Buffer.from(JSON.stringify(fields)), contentType: 'application/json' }
  const formOf = (photo: Buffer) =>
    multipart([
      ...Object.entries(fields).map(([name, body]) => ({ name, body })),
      { name: 'image', filename: 'photo.png', type: 'image/png', body: photo }
    ])
  const ask = ({ photo }: ImageCall) => {
    const { body, contentType } = photo ? formOf(photo) : json
    return pool.request({
      method: 'POST',
      path: `${pathname}/images/${photo ? 'edits' : 'generations'}`,
      headers: { ...target.headers, 'content-type': contentType },
      body
    })
  }
  return {
    call: async (call, dueAt = performance.now()) => {
      try {
        const { statusCode, body } = await ask(call)
        const failure =
          statusCode === 200 ? undefined : `${statusCode} ${await body.text()}`.slice(0, MOST_OF_A_FAILURE)
        if (statusCode === 200) for await (const _ of body);
        return { ms: performance.now() - dueAt, ...(failure !== undefined && { failure }) }
      } catch (error) {
        return { ms: performance.now() - dueAt, failure: String(error) }
      }
    },
    check: async (call, minBytes) => {
      const { statusCode, body } = await ask(call)
      if (statusCode !== 200) throw new Error(`${target.name}: ${statusCode} ${await body.text()}`)
      const { data } = (await body.json()) as { data: { url?: string; b64_json?: string }[] }
      const bytes = await bytesOf(data[0] ?? {}, target)
      if (bytes.length >= minBytes && bytes.subarray(0, PNG.length).equals(PNG)) return
      throw new Error(`${target.name} answered ${bytes.length} bytes that are not the picture`)
    },
    close: () => pool.destroy()
  }
}

async function bytesOf(image: { url?: string; b64_json?: string }, target: Target): Promise<Buffer> {
  const wanted = image[target.fields.response_format]
  if (wanted === undefined) throw new Error(`${target.name} answered without ${target.fields.response_format}`)
  if (target.fields.response_format === 'b64_json') return Buffer.from(wanted, 'base64')
  return Buffer.from(await (await fetch(wanted, { headers: target.headers })).arrayBuffer())
}
