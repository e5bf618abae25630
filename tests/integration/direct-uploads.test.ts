import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pino } from 'pino'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runAgent } from '../../src/agent/run-agent.ts'
import { createStagedImageStore } from '../../src/assets/staged-image-store.ts'
import { createStagedImages } from '../../src/assets/staged-images.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { encodeAttemptResult, RESULT_HEADER } from '../../src/protocol/messages.ts'
import { openStore } from '../../src/storage/open-store.ts'
import type { UploadAnnouncement, UploadPlace } from '../../src/protocol/direct-uploads.ts'
import { assetsOf, attemptRow, connectFor, ended, picture, submit, unique } from '../support/agent-work.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { fetchImage, generate } from '../support/image-calls.ts'
import type { S3Settings } from '../support/s3-server.ts'
import { type S3Process, spawnS3 } from '../support/spawn-s3.ts'
import { agentConfig, startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const KNOWS: S3Settings = { knowsChecksums: true }
const MAX_BYTES = 100_000

let s3: S3Process
let gateway: TestGateway
/** Everything that gateways and agents log, at the lowest level. */
const lines: string[] = []
const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })

const startGateway = (prefix: string, env: Record<string, string> = {}, dataDir?: string) =>
  startTestGateway({
    ...(dataDir !== undefined && { dataDir }),
    env: { ...s3.env(prefix), INFERENCE_CLUB_STORAGE_UPLOADS: 'direct', ...env },
    logger
  })

beforeAll(async () => {
  s3 = await spawnS3()
  // A server that refuses checksums: only this program looks at what was written.
  const limits = { INFERENCE_CLUB_LIMITS_MAX_OUTPUT_BYTES: `${MAX_BYTES}`, INFERENCE_CLUB_LIMITS_MAX_PIXELS: '10000' }
  gateway = await startGateway('club', limits)
})
beforeEach(() => s3.control({}))
afterAll(async () => {
  await gateway.close()
  await s3.close()
})

const keys = async (prefix = 'club') =>
  (await s3.state()).keys.filter((key) => key.startsWith(`${prefix}/`) && !key.includes('/readiness/'))
const staged = async () => (await keys()).filter((key) => key.startsWith('club/uploads/'))

const announcementOf = (bytes: Buffer): UploadAnnouncement => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  media_type: 'image/png'
})

/** An attempt of an agent that does what a test has it do. */
async function assigned(at = gateway) {
  const caller = await at.addUser()
  const model = unique('model')
  const agent = await connectFor(at, caller, model)
  const id = await submit(caller, model)
  const { attempt_id: attemptId, token } = await agent.received('attempt.assigned')
  const call = (path: string, init: Parameters<TestGateway['call']>[1] = {}, bearer = token) =>
    at.call(`/api/agent/attempts/${attemptId}/${path}`, { method: 'POST', key: bearer, ...init })
  const announce = (image: unknown, bearer = token) => call('upload', { json: image }, bearer)
  const placeFor = async (image: UploadAnnouncement) => {
    const answer = await announce(image)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    return ((await answer.json()) as UploadPlace).place
  }
  const headers = { [RESULT_HEADER]: encodeAttemptResult({ seed: 1, warnings: [], generating_ms: 5 }) }
  const tell = (bearer = token) => call('uploaded', { headers }, bearer)
  const bring = async (bytes: Buffer, announced = announcementOf(bytes)) => {
    const place = (await placeFor(announced))!
    expect(await write(place, bytes)).toBe(200)
    return place
  }
  return { caller, agent, id, attemptId, token, announce, placeFor, tell, bring, call }
}

const write = async ({ url, headers }: NonNullable<UploadPlace['place']>, bytes: Buffer) =>
  (await fetch(url, { method: 'PUT', headers: { ...headers }, body: new Uint8Array(bytes) })).status

const servedOf = async ({ caller, id }: { caller: TestUser; id: string }) =>
  (await fetchImage((await ended(caller, id)).result_url!)).bytes

/** Two pictures of as many bytes, each a good one. */
async function pair(): Promise<[Buffer, Buffer]> {
  const paint = (background: string) =>
    sharp({ create: { width: 40, height: 24, channels: 3, background } })
      .png({ compressionLevel: 0 })
      .toBuffer()
  const [image, other] = [await paint('red'), await paint('blue')]
  expect([image.length, image.equals(other)]).toEqual([other.length, false])
  return [image, other]
}

describe('an agent', () => {
  const noise = (side: number) =>
    sharp(randomBytes(side * side * 3), { raw: { width: side, height: side, channels: 3 } })

  async function serve(at: TestGateway, image: Buffer) {
    const owner = await at.addUser()
    const proxy = await startCuttableProxy(at.url)
    const engine: Engine = {
      name: 'demo',
      describe: async () => ({ models: [], summary: '' }),
      generate: async ({ seed }) => ({ bytes: Readable.from([image]), mediaType: 'image/png', seed, warnings: [] })
    }
    const config = agentConfig({ gateway: proxy.url, key: owner.key, name: unique('rig'), services: [{}] })
    const agent = runAgent({ config, logger, probing: 'off', createEngine: () => engine })
    await agent.online
    const make = async () => (await fetchImage((await generate(owner.client)).data[0]!.url!)).bytes
    const close = async () => {
      await agent.stop()
      await proxy.close()
      await at.close()
    }
    return { proxy, make, close }
  }

  it.each([
    ['that knows checksums', KNOWS],
    ['that does not', {}]
  ])(
    'brings its image to a bucket %s, and the gateway carries nothing of it',
    async (name, settings) => {
      await s3.control(settings)
      const prefix = name.replaceAll(' ', '-')
      const image = await noise(400).png().toBuffer()
      const { proxy, make, close } = await serve(await startGateway(prefix), image)
      await s3.control(settings)
      expect((await make()).equals(image)).toBe(true)
      expect(image.length).toBeGreaterThan(400_000)
      expect(proxy.bytesIn).toBeLessThan(20_000)
      // Read once to be looked at, once to be sent to who asked for it.
      expect((await s3.state()).calls).toMatchObject({ put: 1, copy: 1, get: 2, delete: 1 })
      expect(await keys(prefix)).toEqual([expect.stringMatching(/\/images\/../)])
      await close()
    },
    20_000
  )

  it('that does not reach the bucket brings it to the gateway, in the same attempt, and the next ones at once', async () => {
    const image = await noise(100).png().toBuffer()
    const at = await startGateway('away', { INFERENCE_CLUB_S3_PUBLIC_ENDPOINT: 'http://127.0.0.1:9' })
    const { proxy, make, close } = await serve(at, image)
    expect((await make()).equals(image)).toBe(true)
    expect((await make()).equals(image)).toBe(true)
    expect(proxy.bytesIn).toBeGreaterThan(2 * image.length)
    expect(await at.database.db.selectFrom('attempts').select('state').execute()).toEqual([
      { state: 'succeeded' },
      { state: 'succeeded' }
    ])
    // It was told of one place alone.
    expect(await at.database.db.selectFrom('staged_images').selectAll().execute()).toHaveLength(1)
    await close()
  }, 20_000)
})

describe('what was looked at', () => {
  it('is not changed by whoever writes by the same link again', async () => {
    const it = await assigned()
    const [image, other] = await pair()
    const place = await it.bring(image)
    expect(await (await it.tell()).json()).toEqual({ stored: true })
    expect(await staged()).toEqual([])
    const [asset] = await assetsOf(gateway, it.id)
    expect(asset).toMatchObject({ ...announcementOf(image), width: 40, height: 24, has_alpha: 0 })
    for (const again of [other, image.map(() => 0) as Buffer]) {
      expect(await write(place, again)).toBe(200)
      expect((await it.tell()).status).toBe(200)
    }
    expect(await write(place, other)).toBe(200)
    expect(await servedOf(it)).toEqual(image)
    expect(await keys()).toContain(`club/${asset!.storage_key}`)
    // Nor is it in the way for ever.
    expect(await staged()).toHaveLength(1)
    await sweepAfter(75 * 60_000)
    expect(await staged()).toEqual([])
    expect(await servedOf(it)).toEqual(image)
    await it.agent.close()
  })

  it('is not changed by whoever writes while it is looked at', async () => {
    const it = await assigned()
    const [image, other] = await pair()
    const place = await it.bring(image)
    const { store, database } = gateway.gateway.context
    const open: typeof store.open = async (key, options) => {
      expect(await write(place, other)).toBe(200)
      return store.open(key, options)
    }
    const rows = createStagedImageStore(database)
    const images = createStagedImages({ store: { ...store, open }, rows, clock: database.clock })
    const { signal } = new AbortController()
    const saved = await images.take((await images.find(it.attemptId))!, { maxPixels: 10_000, signal })
    expect(saved).toMatchObject({ sha256: announcementOf(image).sha256 })
    expect(await buffer((await store.open(saved!.storageKey))!)).toEqual(image)
    await store.remove([saved!.storageKey])
    // What lies there now is not what was announced.
    expect((await it.tell()).status).toBe(400)
    await it.agent.close()
  })

  it('is gone with its request, and so is what lay where it was written', async () => {
    const it = await assigned()
    const before = await keys()
    await it.bring(await picture())
    expect((await it.tell()).status).toBe(200)
    await ended(it.caller, it.id)
    const removed = await gateway.call(`/v1/jobs/${it.id}`, { method: 'DELETE', key: it.caller.key })
    expect(removed.status).toBeLessThan(300)
    await waitFor(async () => (await keys()).length === before.length)
    expect(await keys()).toEqual(before)
    for (const answer of [await it.tell(), await it.announce(announcementOf(await picture()))]) {
      expect(answer.status).toBe(404)
    }
    await it.agent.close()
  })

  it('counts once, however often it is told of, also at the same time', async () => {
    const it = await assigned()
    await it.bring(await picture())
    const answers = await Promise.all([it.tell(), it.tell(), it.tell()])
    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(200)
    // The later takes the place of the earlier; what came too late finds it stored.
    expect(statuses.filter((status) => ![200, 429].includes(status))).toEqual([])
    expect((await it.tell()).status).toBe(200)
    const assets = await assetsOf(gateway, it.id)
    expect(assets).toHaveLength(1)
    const before = (await keys()).filter((key) => key.startsWith('club/images/'))
    expect(before.filter((key) => key.endsWith(assets[0]!.id))).toHaveLength(1)
    const known = await gateway.database.db.selectFrom('assets').select('storage_key').execute()
    expect(before.sort()).toEqual(known.map((row) => `club/${row.storage_key}`).sort())
    await it.agent.close()
  })
})

describe('what is no image as it was announced', () => {
  const same = async () => {
    const [image, bytes] = await pair()
    return { bytes, announced: announcementOf(image) }
  }
  const honest = (bytes: Buffer) => ({ bytes, announced: announcementOf(bytes) })
  it.each<[string, () => Promise<{ bytes: Buffer; announced: UploadAnnouncement } | undefined>]>([
    ['nothing at all', async () => undefined],
    ['other bytes', same],
    ['half an image', async () => honest((await picture()).subarray(0, 60))],
    ['a page', async () => honest(Buffer.from('<html><script>alert(1)</script></html>'))],
    ['an image of another type', async () => honest(await picture('jpeg'))],
    [
      'an image of too many pixels',
      async () =>
        honest(
          await sharp({ create: { width: 101, height: 100, channels: 3, background: 'red' } })
            .png()
            .toBuffer()
        )
    ],
    ['an image with more behind it', async () => ({ ...(await same()), bytes: Buffer.alloc(10) })]
  ])('(%s) is not taken, leaves nothing, and may come through the gateway', async (_what, make) => {
    const images = (await keys()).filter((key) => key.includes('/images/'))
    const it = await assigned()
    const made = await make()
    if (made) {
      const place = (await it.placeFor(made.announced))!
      const status = await write(place, made.bytes)
      expect(status).toBe(made.bytes.length === made.announced.bytes ? 200 : 403)
    }
    const told = await it.tell()
    expect([told.status, ((await told.json()) as { error: { code: string } }).error.code]).toEqual([
      400,
      'invalid_request'
    ])
    expect((await keys()).filter((key) => key.includes('/images/'))).toEqual(images)
    expect(await attemptRow(gateway, it.attemptId)).toMatchObject({ state: 'running' })
    const body = await picture()
    expect((await it.agent.put(it.attemptId, { token: it.token, body })).status).toBe(200)
    expect(await servedOf(it)).toEqual(body)
    await it.agent.close()
  })
})

describe('a place to write to', () => {
  it('is told for as many bytes as are taken, and for none more', async () => {
    const it = await assigned()
    const image = announcementOf(await picture())
    expect(await it.placeFor({ ...image, bytes: MAX_BYTES })).toBeDefined()
    expect(await it.placeFor({ ...image, bytes: MAX_BYTES + 1 })).toBeUndefined()
    await it.agent.close()
  })

  it.each([
    ['no bytes', { bytes: 0 }],
    ['half a byte', { bytes: 1.5 }],
    ['no hash', { sha256: 'a'.repeat(63) }],
    ['a hash of another spelling', { sha256: 'A'.repeat(64) }],
    ['another type', { media_type: 'text/html' }],
    ['a type with more in it', { media_type: 'image/png\r\nx-amz-acl: public-read' }]
  ])('is not told to who announces %s', async (_what, wrong) => {
    const it = await assigned()
    expect((await it.announce({ ...announcementOf(await picture()), ...wrong })).status).toBe(400)
    await it.agent.close()
  })

  it.each<[string, RequestInit, number]>([
    ['nothing', {}, 400],
    ['no JSON', { body: '{' }, 400],
    ['a list', { body: '[]' }, 400],
    ['4 KiB', { body: `"${'x'.repeat(4094)}"` }, 400],
    ['a byte more', { body: `"${'x'.repeat(4095)}"` }, 413]
  ])('is not told to who sends %s', async (_what, init, status) => {
    const it = await assigned()
    const answer = await it.call('upload', init)
    expect([answer.status, typeof ((await answer.json()) as { error: { code: unknown } }).error.code]).toEqual([
      status,
      'string'
    ])
    await it.agent.close()
  })

  it('is nobody’s but the attempt’s, and one however often it is asked for', async () => {
    const [one, other] = [await assigned(), await assigned()]
    const image = announcementOf(await picture())
    for (const token of [other.token, `${one.token}x`, '', one.caller.key]) {
      expect([(await one.announce(image, token)).status, (await one.tell(token)).status]).toEqual([404, 404])
    }
    const keyOf = (place: UploadPlace['place']) => new URL(place!.url).pathname
    const mine = keyOf(await one.placeFor(image))
    expect(mine).toMatch(/^\/club-images\/club\/uploads\/upl_[0-9a-z]{25}$/)
    expect(keyOf(await one.placeFor({ ...image, bytes: 5 }))).toBe(mine)
    expect(keyOf(await other.placeFor(image))).not.toBe(mine)
    for (const { agent } of [one, other]) await agent.close()
  })

  it('is one for some minutes, and another one is told', async () => {
    const it = await assigned()
    const image = await picture()
    const place = (await it.placeFor(announcementOf(image)))!
    await s3.control({ aheadMs: 10 * 60_000 + 1000 })
    expect(await write(place, image)).toBe(403)
    await s3.control({ aheadMs: 9 * 60_000 })
    expect(await write(place, image)).toBe(200)
    await it.agent.close()
  })

  it('is of no use once the attempt has been lost', async () => {
    const it = await assigned()
    const image = await picture()
    const place = (await it.placeFor(announcementOf(image)))!
    await gateway.gateway.context.requests.cancel(it.id)
    await it.agent.received('attempt.cancel')
    expect(await write(place, image)).toBe(200)
    expect([(await it.tell()).status, (await it.announce(announcementOf(image))).status]).toEqual([409, 409])
    expect(await assetsOf(gateway, it.id)).toEqual([])
    await sweepAfter(75 * 60_000)
    expect(await staged()).toEqual([])
    await it.agent.close()
  })

  it.each([
    ['images go through the gateway', () => startGateway('proxied', { INFERENCE_CLUB_STORAGE_UPLOADS: 'proxy' })],
    ['they lie in a folder', () => startTestGateway()]
  ])('is not there where %s', async (_where, start) => {
    const at = await start()
    const it = await assigned(at)
    expect(it.agent.messages[0]).not.toHaveProperty('uploads')
    expect(await it.placeFor(announcementOf(await picture()))).toBeUndefined()
    expect((await it.tell()).status).toBe(400)
    expect((await it.agent.put(it.attemptId, { token: it.token, body: await picture() })).status).toBe(200)
    await it.agent.close()
    await at.close()
  })
})

/** What the sweep does so long from now. */
async function sweepAfter(laterMs: number, walks = false): Promise<void> {
  const { store, database } = gateway.gateway.context
  const clock = { now: () => database.clock.now() + laterMs }
  const { signal } = new AbortController()
  await createStagedImages({ store, rows: createStagedImageStore(database), clock }).sweep({ walks, signal })
}

it('what an agent has written that never came back goes some time after its link, as its row tells', async () => {
  const it = await assigned()
  const image = await picture()
  const place = await it.bring(image)
  await it.agent.close()
  // A link may have been used in its last second, on a slow line.
  await sweepAfter(60 * 60_000)
  expect(await staged()).toHaveLength(1)
  await s3.control({})
  await sweepAfter(75 * 60_000)
  expect((await s3.state()).calls).not.toHaveProperty('list')
  expect(await staged()).toEqual([])
  expect(await gateway.database.db.selectFrom('staged_images').selectAll().execute()).toEqual([])
  // What comes even later is met when all is looked through.
  expect(await write(place, image)).toBe(200)
  await sweepAfter(23 * 3_600_000, true)
  expect(await staged()).toHaveLength(1)
  await sweepAfter(25 * 3_600_000, true)
  expect(await staged()).toEqual([])
})

it('a gateway that was started again between the writing and the word takes the image all the same', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'direct-uploads-'))
  const start = () => startGateway('again', {}, dataDir)
  const first = await start()
  const it = await assigned(first)
  const image = await picture()
  await it.bring(image)
  await first.close()
  const second = await start()
  const headers = {
    authorization: `Bearer ${it.token}`,
    [RESULT_HEADER]: encodeAttemptResult({ seed: 1, warnings: [], generating_ms: 5 })
  }
  const told = await second.call(`/api/agent/attempts/${it.attemptId}/uploaded`, { method: 'POST', headers })
  expect(told.status).toBe(200)
  expect(await assetsOf(second, it.id)).toMatchObject([announcementOf(image)])
  await second.close()
  await rm(dataDir, { recursive: true })
}, 20_000)

it('a bucket that fails while an image is looked at is no fault of the agent’s: it tells again', async () => {
  const it = await assigned()
  const image = await picture()
  await it.bring(image)
  for (const settings of [
    { fail: { operations: ['copy' as const], status: 503, code: 'SlowDown' } },
    { fail: { operations: ['get' as const], status: 500, code: 'InternalError' } },
    { cutAfter: 10 }
  ]) {
    await s3.control(settings)
    expect((await it.tell()).status).toBe(503)
  }
  await s3.control({})
  expect((await it.tell()).status).toBe(200)
  expect(await servedOf(it)).toEqual(image)
  await it.agent.close()
}, 30_000)

it('commands that look at the images beside a gateway try no links out', async () => {
  const { config } = gateway.gateway.context
  await s3.control({})
  expect((await openStore(config, { isShared: true })).uploads).toBeUndefined()
  expect((await s3.state()).calls.put).toBe(1)
})

it('no link is ever logged', () => {
  expect(lines.length).toBeGreaterThan(100)
  expect(lines.filter((line) => /X-Amz-|uploads\/upl_/.test(line))).toEqual([])
})
