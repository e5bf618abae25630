import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ImagesAnswer, SMALL } from '../support/image-calls.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

/** Its clients get base64 without asking for it. */
const GPT_IMAGE = 'gpt-image-1'

let gateway: TestGateway
let user: TestUser
beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  await gateway.addAgent({
    key: user.key,
    services: [{}, { name: 'gpt', models: [{ id: GPT_IMAGE, servedAs: 'demo', features: ['generate'] }] }]
  })
})
afterAll(() => gateway.close())
const wrap = wrapUntilTheEnd()

const ask = (key: string, more: object = {}) =>
  gateway.call('/v1/images/generations', {
    key: user.key,
    method: 'POST',
    headers: { 'idempotency-key': key },
    json: { ...SMALL, response_format: 'b64_json', ...more }
  })

const fileOf = async (assetId: string): Promise<string> => {
  const { storage_key } = await gateway.database.db
    .selectFrom('assets')
    .select('storage_key')
    .where('id', '=', assetId)
    .executeTakeFirstOrThrow()
  return join(gateway.dataDir, 'objects', storage_key)
}

describe('an answer with images as base64', () => {
  it('says how long it is, and has every one of them whole', async () => {
    const answer = await ask('two', { n: 2, prompt: 'ein Fuchs, „rot“' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const body = Buffer.from(await answer.arrayBuffer())
    expect(answer.headers.get('content-length')).toBe(String(body.length))
    const { data } = JSON.parse(body.toString()) as ImagesAnswer
    expect(data).toHaveLength(2)
    for (const { url, b64_json } of data) {
      const image = Buffer.from(await (await gateway.call(new URL(url).pathname)).arrayBuffer())
      expect(b64_json).toBe(image.toString('base64'))
    }
    expect(await (await ask('two', { n: 2, prompt: 'ein Fuchs, „rot“' })).text()).toBe(body.toString())
  })

  it('is an error when the bytes of one are gone, also as events', async () => {
    const { data } = (await (await ask('gone', { n: 2 })).json()) as ImagesAnswer
    await rm(await fileOf(data[1]!.asset_id))
    const answer = await ask('gone', { n: 2 })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ error: { code: 'storage_unavailable' } })

    const streamed = await (await ask('gone too', { stream: true })).text()
    const [, assetData = ''] = /^event: image_generation\.completed\ndata: (.*)\n\n$/.exec(streamed) ?? []
    expect(JSON.parse(assetData)).toMatchObject({ type: 'image_generation.completed', output_format: 'png' })
    const { id } = await gateway.database.db
      .selectFrom('assets')
      .select('id')
      .orderBy('created_at', 'desc')
      .executeTakeFirstOrThrow()
    await rm(await fileOf(id))
    const again = await (await ask('gone too', { stream: true })).text()
    expect(again).toMatch(/^event: error\ndata: .*"storage_unavailable"/)
  })
  it.each([{}, { stream: true }])('is cut off when the bytes cannot be read to their end: %j', async (more) => {
    const key = `cut ${JSON.stringify(more)}`
    await (await ask(key, more)).text()
    wrap(gateway.gateway.context.assets, 'openBytes', (open) => async (asset) => {
      const [first] = (await (await open(asset)).toArray()) as Buffer[]
      return Readable.from(
        (async function* () {
          yield first!.subarray(0, 50)
          throw new Error('secret place')
        })()
      )
    })
    const answer = await ask(key, more)
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
  })
})

/** How many images of an answer were read from where they are stored. */
async function readsOf(at: TestGateway, call: () => Promise<Response>): Promise<{ reads: number; body: string }> {
  let reads = 0
  wrap(at.gateway.context.assets, 'openBytes', (open) => (...args) => {
    reads++
    return open(...args)
  })
  const body = await (await call()).text()
  return { reads, body }
}

describe('an image that somebody waits for as base64', () => {
  it.each([{}, { stream: true }, { response_format: undefined, model: GPT_IMAGE }])(
    'is answered with what arrived, which is what is stored: %j',
    async (more) => {
      const { reads, body } = await readsOf(gateway, () => ask(`waits ${JSON.stringify(more)}`, more))
      expect(reads).toBe(0)
      const [, digits = ''] = /"b64_json":"([^"]+)"/.exec(body)!
      const image = Buffer.from(digits, 'base64')
      const { storage_key, sha256 } = await gateway.database.db
        .selectFrom('assets')
        .select(['storage_key', 'sha256'])
        .where('sha256', '=', createHash('sha256').update(image).digest('hex'))
        .executeTakeFirstOrThrow()
      expect(createHash('sha256').update(image).digest('hex')).toBe(sha256)
      expect(image.equals(await readFile(join(gateway.dataDir, 'objects', storage_key)))).toBe(true)
      await waitFor(() => gateway.gateway.context.awaitedImages.find(storage_key) === undefined)
    }
  )

  it('is read from where it is stored when it is asked for again, or one of several', async () => {
    expect((await readsOf(gateway, () => ask('several', { n: 2 }))).reads).toBeGreaterThanOrEqual(2)
    await (await ask('later', { response_format: 'url' })).text()
    expect((await readsOf(gateway, () => ask('later', { response_format: 'url' }))).reads).toBe(0)
    await (await ask('again')).text()
    expect((await readsOf(gateway, () => ask('again'))).reads).toBe(1)
  })

  it('is kept for nobody who has left', async () => {
    const { awaitedImages } = gateway.gateway.context
    const worker = await startHandWorker(gateway, {
      key: user.key,
      services: [{ models: [{ id: 'by hand', features: ['generate'] }] }]
    })
    const leaving = new AbortController()
    const call = gateway.call('/v1/images/generations', {
      key: user.key,
      method: 'POST',
      headers: { 'idempotency-key': 'left' },
      json: { ...SMALL, model: 'by hand', response_format: 'b64_json' },
      signal: leaving.signal
    })
    const attempt = await worker.next()
    const { request_id: requestId } = await gateway.database.db
      .selectFrom('attempts')
      .select('request_id')
      .where('id', '=', attempt.attempt_id)
      .executeTakeFirstOrThrow()
    const isExpected = () => {
      const image = awaitedImages.begin({ requestId, bytes: 1 })
      image?.drop()
      return image !== undefined
    }
    expect(isExpected()).toBe(true)
    leaving.abort()
    await expect(call).rejects.toThrow()
    await waitFor(() => !isExpected())
    await worker.finish(attempt)
    await worker.close()
  })

  it('is read from where it is stored when there is no memory for it, or it was marked since it arrived', async () => {
    for (const env of [{ INFERENCE_CLUB_ANSWER_MEMORY: '0' }, { INFERENCE_CLUB_MARK_IMAGES: 'xmp' }]) {
      const other = await startTestGateway({ env })
      try {
        const { key } = await other.addUser()
        await other.addAgent({ key, services: [{}] })
        const json = { ...SMALL, response_format: 'b64_json' }
        const call = () => other.call('/v1/images/generations', { key, method: 'POST', json })
        const { reads, body } = await readsOf(other, call)
        expect(reads).toBe(1)
        const [{ b64_json, url } = {}] = (JSON.parse(body) as ImagesAnswer).data
        const image = Buffer.from(await (await other.call(new URL(url!).pathname)).arrayBuffer())
        expect(b64_json).toBe(image.toString('base64'))
      } finally {
        await other.close()
      }
    }
  })
})
