import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ihdr, pngChunk, pngOf } from '../../src/images/test-images.ts'
import { sleep } from '../../src/lib/async.ts'
import { forgetPeak, peakMemory } from '../support/measure-memory.ts'
import { plainPng } from '../support/pictures.ts'
import { type RunningProgram, startProgram } from '../support/run-program.ts'
import { waitFor } from '../support/wait-for.ts'

const MIB = 1024 * 1024
const KEY = 'ic_theKeyOfTheAttacker01'
const MOST_MEMORY = 600 * MIB
/** What was attacked stood still for many seconds; on a busy machine others take a moment, too. */
const LONGEST_MS = 600
const ASK_EVERY_MS = 20

let folder: string
let gateway: RunningProgram
let url: string
/** Takes connections and never says a word. */
let silent: Server

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attacks-'))
  silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  gateway = startProgram(['serve', '--demo'], {
    env: {
      INFERENCE_CLUB_PORT: '0',
      INFERENCE_CLUB_DATA_DIR: folder,
      INFERENCE_CLUB_BOOTSTRAP_API_KEY: KEY,
      INFERENCE_CLUB_WEBHOOK_PRIVATE_ADDRESSES: '1',
      INFERENCE_CLUB_DEMO_STEP_TIME: '1s'
    }
  })
  ;[, url = ''] = await gateway.printed(/running at (\S+)/)
  await waitFor(async () => (await (await call('/v1/models')).text()).includes('"demo"'))
})

afterAll(async () => {
  await gateway.stop()
  silent.close()
  await rm(folder, { recursive: true })
})

const call = (path: string, body?: string) =>
  fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${KEY}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { method: 'POST', body })
  })
const post = async (path: string, body: unknown): Promise<{ status: number; text: string }> => {
  const response = await call(path, typeof body === 'string' ? body : JSON.stringify(body))
  return { status: response.status, text: await response.text() }
}

/** The longest that a passer-by waited for an answer meanwhile, in milliseconds. */
async function longestWait(during: Promise<unknown>): Promise<number> {
  let over = false
  let longest = 0
  const end = during.finally(() => (over = true))
  const ask = async () => {
    while (!over) {
      const began = performance.now()
      const response = await fetch(`${url}/healthz`)
      await response.text()
      expect(response.status).toBe(200)
      longest = Math.max(longest, performance.now() - began)
      await sleep(ASK_EVERY_MS)
    }
  }
  await Promise.all([end, ask()])
  return longest
}

/** Whatever somebody does, others are answered and the memory is bounded. Tried twice, for the machine may be busy. */
async function holds(attack: () => Promise<unknown>): Promise<void> {
  let longest = Infinity
  for (let tries = 0; tries < 2 && longest >= LONGEST_MS; tries++) {
    await forgetPeak(gateway.process.pid!)
    longest = await longestWait(attack())
    const memory = await peakMemory(gateway.process.pid!)
    console.log(`${expect.getState().currentTestName}: ${Math.round(longest)} ms, ${Math.round(memory / MIB)} MiB`)
    expect(memory).toBeLessThan(MOST_MEMORY)
  }
  expect(longest).toBeLessThan(LONGEST_MS)
}

const common = { model: 'demo', prompt: 'x', async: true }
const EDITS = '/v1/images/edits'
const BATCHES = '/v1/batches'

describe('others are answered while somebody', { timeout: 60_000 }, () => {
  it('sends thousands of tiny data URLs', async () => {
    const picture = (await plainPng({ width: 1, height: 1 }, [1, 2, 3])).toString('base64')
    const images = Array.from({ length: 3000 }, () => ({ image_url: `data:image/png;base64,${picture}` }))
    const requests = Array.from({ length: 250 }, () => ({
      endpoint: EDITS,
      body: { ...common, images: images.slice(0, 60) }
    }))
    await holds(async () => {
      expect((await post(EDITS, { ...common, images })).status).toBe(400)
      expect((await post(BATCHES, { requests })).status).toBe(400)
    })
  })

  it('sends pictures of a few bytes that unfold to millions of pixels', async () => {
    const tall = pngOf(ihdr({ width: 1, height: 16_700_000, colourType: 0 }), pngChunk('IDAT', Buffer.alloc(100)))
    const image = { image_url: `data:image/png;base64,${tall.toString('base64')}` }
    const requests = Array.from({ length: 8 }, () => ({ endpoint: EDITS, body: { ...common, images: [image] } }))
    await holds(async () => {
      const answers = await Promise.all([
        ...Array.from({ length: 16 }, () => post(EDITS, { ...common, images: [image] })),
        post(BATCHES, { requests })
      ])
      for (const { status } of answers) expect(status).toBe(400)
    })
  })

  it('sends JSON that is all brackets, and lists of requests as large as they may be', async () => {
    const prompt = 'x'.repeat(31_000)
    const body = { ...common, prompt, negative_prompt: prompt, note: 'y'.repeat(60_000) }
    const requests = Array.from({ length: 25 }, () => ({ endpoint: '/v1/images/generations', body }))
    await holds(async () => {
      const brackets = await post(BATCHES, '['.repeat(16_000_000)).catch(() => undefined)
      if (brackets) expect([400, 413]).toContain(brackets.status)
      for (let at = 0; at < 8; at++) {
        const { status, text } = await post(BATCHES, { requests })
        expect(status).toBe(202)
        expect((await post(`${BATCHES}/${(JSON.parse(text) as { id: string }).id}/cancel`, {})).status).toBe(200)
      }
      const lists = await Promise.all(
        Array.from({ length: 6 }, async () => (await (await call('/v1/jobs?limit=200')).text()).length)
      )
      for (const length of lists) expect(length).toBeLessThan(6_000_000)
    })
  })

  it('has many requests call a host that never answers', async () => {
    const webhook_url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`
    const requests = Array.from({ length: 250 }, () => ({
      endpoint: '/v1/images/generations',
      body: { ...common, webhook_url }
    }))
    await holds(async () => {
      for (let at = 0; at < 4; at++) {
        const { text } = await post(BATCHES, { requests })
        const { id } = JSON.parse(text) as { id?: string }
        if (id) await post(`${BATCHES}/${id}/cancel`, {})
      }
      await sleep(1500)
    })
  })
})
