import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ImagesAnswer, SMALL } from '../support/image-calls.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

let gateway: TestGateway
let user: TestUser
beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  await gateway.addAgent({ key: user.key, services: [{}] })
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
