import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { deflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ihdr, pngChunk, pngOf } from '../support/test-images.ts'
import { forgetPeak, peakMemory, residentMemory } from '../support/measure-memory.ts'
import { multipart } from '../support/multipart.ts'
import { type RunningProgram, startProgram } from '../support/run-program.ts'
import { storedFiles } from '../support/stored-files.ts'

const MIB = 1024 * 1024
const CALLERS = 64
const MAX_UPLOAD_BYTES = 25 * MIB
const MOST_ABOVE_IDLE = 300 * MIB
const KEY = 'ic_theKeyOfTheMemoryTest'

let folder: string
let gateway: RunningProgram
let url: string
let pid: number
/** Bytes, before the first call. */
let idle: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upload-memory-'))
  gateway = startProgram(['serve'], {
    env: { INFERENCE_CLUB_PORT: '0', INFERENCE_CLUB_DATA_DIR: folder, INFERENCE_CLUB_BOOTSTRAP_API_KEY: KEY }
  })
  ;[, url = ''] = await gateway.printed(/running at (\S+)/)
  pid = gateway.process.pid!
  idle = await residentMemory(pid)
})

afterAll(async () => {
  await gateway.stop()
  await rm(folder, { recursive: true })
})

/** An RGBA png of `side` × `side`, opaque everywhere, whose pixels do not compress. */
function largePng(side: number): Buffer {
  const rows = Buffer.alloc(side * (1 + side * 4))
  let state = 1
  for (let y = 0; y < side; y++) {
    const from = y * (1 + side * 4) + 1
    for (let at = from; at < from + side * 4; at++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      rows[at] = (at - from) % 4 === 3 ? 255 : state >>> 24
    }
  }
  const zlib = deflateSync(rows, { level: 0 })
  const chunks: Buffer[] = []
  for (let at = 0; at < zlib.length; at += 65_536) chunks.push(pngChunk('IDAT', zlib.subarray(at, at + 65_536)))
  return pngOf(ihdr({ width: side, height: side, colourType: 6 }), ...chunks)
}

async function upload({ body, contentType }: { body: Buffer; contentType: string }): Promise<string> {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': contentType, 'content-length': body.length }
  const request = httpRequest(`${url}/v1/images/edits`, { method: 'POST', agent: false, headers })
  const pieces = Array.from({ length: Math.ceil(body.length / 65_536) }, (_, index) =>
    body.subarray(index * 65_536, (index + 1) * 65_536)
  )
  Readable.from(pieces).pipe(request)
  const [response] = (await once(request, 'response')) as [Readable]
  return text(response)
}

/** All at once; the most memory the gateway held above what it holds idle. */
async function memoryFor(form: { body: Buffer; contentType: string }): Promise<number> {
  await forgetPeak(pid)
  const answers = await Promise.all(Array.from({ length: CALLERS }, () => upload(form)))
  // No provider is online, so every call is refused at its very end, with all of it received, stored and looked at.
  for (const answer of answers) expect(answer).toContain('"no_provider"')
  expect(await storedFiles(folder)).toEqual([])
  return (await peakMemory(pid)) - idle
}

describe(`${CALLERS} callers who send 25 MiB at once`, () => {
  const png = largePng(2555)
  const fields = [
    { name: 'model', body: 'demo' },
    { name: 'prompt', body: 'a fox' }
  ]

  it('as forms take a bounded amount of memory', { timeout: 300_000 }, async () => {
    expect(png.length).toBeLessThanOrEqual(MAX_UPLOAD_BYTES)
    expect(png.length).toBeGreaterThan(MAX_UPLOAD_BYTES - MIB)
    const taken = await memoryFor(multipart([{ name: 'image', filename: 'a.png', body: png }, ...fields]))
    console.log(`forms: ${Math.round(taken / MIB)} MiB above idle`)
    expect(taken).toBeLessThan(MOST_ABOVE_IDLE)
  })

  it('as JSON take a bounded amount of memory', { timeout: 300_000 }, async () => {
    // A body has at most 32 MiB, which is 24 MiB of image.
    const image = largePng(2490).toString('base64')
    const body = Buffer.from(`{"model":"demo","prompt":"a fox","image":"data:image/png;base64,${image}"}`)
    const taken = await memoryFor({ body, contentType: 'application/json' })
    console.log(`JSON: ${Math.round(taken / MIB)} MiB above idle`)
    expect(taken).toBeLessThan(MOST_ABOVE_IDLE)
  })
})
