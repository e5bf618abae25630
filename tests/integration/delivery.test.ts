import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  assetsOf,
  attemptRow,
  connectFor,
  ended,
  outcomes,
  picture,
  submit,
  unique,
  usageOf
} from '../support/agent-work.ts'
import { fetchImage, getJob } from '../support/image-calls.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let user: TestUser

describe('the delivery of an image', () => {
  beforeAll(async () => {
    gateway = await startTestGateway({
      env: { INFERENCE_CLUB_LIMITS_MAX_OUTPUT_BYTES: '100KB', INFERENCE_CLUB_LIMITS_MAX_PIXELS: '10000' }
    })
    user = await gateway.addUser()
  })
  afterAll(() => gateway.close())

  async function assigned(fields: Record<string, unknown> = {}) {
    const model = unique('model')
    const agent = await connectFor(gateway, user, model)
    const id = await submit(user, model, fields)
    const { attempt_id: attemptId, token } = await agent.received('attempt.assigned')
    return { agent, id, attemptId, token }
  }

  it('can be repeated: the answer is the same and nothing is stored twice', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const body = await picture()
    const answers = [
      await agent.put(attemptId, { token, body }),
      await agent.put(attemptId, { token, body }),
      await agent.put(attemptId, { token, body: await picture() })
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const texts = await Promise.all(answers.map((answer) => answer.text()))
    expect(new Set(texts).size).toBe(1)
    const [asset, ...more] = await assetsOf(gateway, id)
    expect(more).toEqual([])
    expect(await usageOf(gateway, id)).toHaveLength(1)
    expect((await storedFiles(gateway.dataDir)).filter((path) => path.endsWith(asset!.storage_key))).toHaveLength(1)
    await agent.close()
  })

  it('twice at once is stored once', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const before = (await storedFiles(gateway.dataDir)).length
    const body = await picture()
    const answers = await Promise.all([1, 2, 3].map(() => agent.put(attemptId, { token, body })))
    // The later takes the place of the earlier, unless that had arrived.
    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(200)
    expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([])
    expect(await assetsOf(gateway, id)).toHaveLength(1)
    expect(await storedFiles(gateway.dataDir)).toHaveLength(before + 1)
    await agent.close()
  })

  it('tells seed, time and the warnings as its own words', async () => {
    const { agent, id, attemptId, token } = await assigned({ size: '64x64' })
    const result = { seed: 2 ** 40, warnings: ['Größe "x" was not used. 🦊'], generating_ms: 77 }
    await agent.put(attemptId, { token, body: await picture(), result })
    const job = await ended(user, id)
    expect(job.result).toMatchObject({
      warnings: [
        expect.stringMatching(/^rig \d+ says: “Größe "x" was not used. 🦊”$/),
        'The size 64x64 was asked for; the machine delivered 40x24.'
      ],
      data: [{ seed: 2 ** 40 }]
    })
    expect(await usageOf(gateway, id)).toMatchObject([{ generating_ms: 77, width: 40, height: 24 }])
    await agent.close()
  })

  it('of another size than was asked for has no second warning where the machine has said so', async () => {
    const { agent, id, attemptId, token } = await assigned({ size: '64x64' })
    const result = { seed: 1, warnings: ['It makes no 64x64: the image is 40x24.'], generating_ms: 7 }
    await agent.put(attemptId, { token, body: await picture(), result })
    expect((await ended(user, id)).result?.warnings).toEqual([expect.stringContaining('the image is 40x24')])
    await agent.close()
  })

  it('is judged by its content, not by its declared type', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const put = await agent.put(attemptId, { token, body: await picture('jpeg'), mediaType: 'text/html' })
    expect(put.status).toBe(200)
    const job = await ended(user, id)
    expect(await fetchImage(job.result_url!)).toMatchObject({ mediaType: 'image/jpeg', format: 'jpeg' })
    await agent.close()
  })

  it.each([
    ['a wrong token', (it: { attemptId: string; token: string }) => [it.attemptId, `${it.token}x`]],
    ['no token', (it: { attemptId: string; token: string }) => [it.attemptId, '']],
    ['the key of the owner', (it: { attemptId: string }) => [it.attemptId, user.key]],
    ['another attempt', (it: { token: string }) => ['att_0000000000000000000000000', it.token]]
  ])('with %s is answered 404 and changes nothing', async (_what, change) => {
    const { agent, id, attemptId, token } = await assigned()
    const files = await storedFiles(gateway.dataDir)
    const [at = '', withToken = ''] = change({ attemptId, token })
    expect((await agent.put(at, { token: withToken, body: await picture() })).status).toBe(404)
    expect(await attemptRow(gateway, attemptId)).toMatchObject({ state: 'running' })
    expect(await storedFiles(gateway.dataDir)).toEqual(files)
    expect((await agent.put(attemptId, { token, body: await picture() })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    await agent.close()
  })

  it('without its result is answered 400 and can be made good', async () => {
    const { agent, id, attemptId, token } = await assigned()
    expect((await agent.put(attemptId, { token, body: await picture(), result: '{}' })).status).toBe(400)
    expect(await attemptRow(gateway, attemptId)).toMatchObject({ state: 'running' })
    expect((await agent.put(attemptId, { token, body: await picture() })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    await agent.close()
  })

  const noise = (side: number) =>
    sharp(Buffer.from(Array.from({ length: side * side * 3 }, (_, i) => (i * i * 31 + (i >> 3) * 17) % 256)), {
      raw: { width: side, height: side, channels: 3 }
    })
      .png({ compressionLevel: 0 })
      .toBuffer()

  it.each<[string, () => Promise<Buffer> | Buffer, Record<string, unknown>?]>([
    ['text', () => Buffer.from('This is not a picture.')],
    ['HTML', () => Buffer.from('<html><script>alert(1)</script></html>')],
    ['SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="24"/>')],
    ['nothing', () => Buffer.alloc(0)],
    ['half an image', async () => (await picture()).subarray(0, 60)],
    ['too many bytes', async () => Buffer.concat([await picture(), Buffer.alloc(120_000)])],
    ['too many pixels', () => noise(101)],
    ['another format than was asked for', () => picture(), { output_format: 'webp' }]
  ])('that is no image to be had (%s) fails the attempt and leaves nothing', async (_what, bytes, fields = {}) => {
    const { agent, id, attemptId, token } = await assigned(fields)
    const files = await storedFiles(gateway.dataDir)
    const refused = await agent.put(attemptId, { token, body: await bytes() })
    expect([400, 413, 415, 422]).toContain(refused.status)
    expect(await attemptRow(gateway, attemptId)).toMatchObject({ state: 'failed', reason: 'bad_output' })
    expect(await storedFiles(gateway.dataDir)).toEqual(files)
    expect(await assetsOf(gateway, id)).toEqual([])

    // The slot is free when the agent confirms; this image is not made there once more.
    await agent.received('attempt.cancel', (message) => message.attempt_id === attemptId)
    agent.send({ type: 'attempt.stopped', attempt_id: attemptId })
    expect(outcomes(await ended(user, id))).toEqual([['failed', 'bad_output']])
    await agent.close()
  })

  it('that breaks off leaves nothing, and the next one counts', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const files = await storedFiles(gateway.dataDir)
    const bytes = await picture()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes.subarray(0, 40)),
      pull: async (controller) => {
        await waitFor(async () => (await storedFiles(gateway.dataDir)).length > files.length)
        controller.error(new Error('the line broke'))
      }
    })
    await expect(agent.put(attemptId, { token, body })).rejects.toThrow()
    await waitFor(async () => (await storedFiles(gateway.dataDir)).length === files.length)
    expect(await attemptRow(gateway, attemptId)).toMatchObject({ state: 'running' })
    expect((await agent.put(attemptId, { token, body: bytes })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    await agent.close()
  })

  it('of a canceled request is not wanted', async () => {
    const { agent, id, attemptId, token } = await assigned()
    await gateway.gateway.context.requests.cancel(id)
    await agent.received('attempt.cancel')
    const files = await storedFiles(gateway.dataDir)
    expect((await agent.put(attemptId, { token, body: await picture() })).status).toBe(409)
    expect(await storedFiles(gateway.dataDir)).toEqual(files)
    expect((await getJob(user.client, id)).status).toBe('CANCELED')
    await agent.close()
  })
})
