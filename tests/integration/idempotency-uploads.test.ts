import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callJson, type JsonAnswer } from '../support/call-json.ts'
import { type FakeModel, type FakeModels, startFakeModels } from '../support/fake-models.ts'
import type { ImagesAnswer } from '../support/image-calls.ts'
import { type FormPart, multipart, type MultipartOptions } from '../support/multipart.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const SIZE = { width: 32, height: 32 }

let gateway: TestGateway
let fakes: FakeModels
let source: Buffer
let other: Buffer
let mask: Buffer

beforeAll(async () => {
  gateway = await startTestGateway()
  fakes = await startFakeModels(gateway)
  source = await plainPng(SIZE, [10, 200, 30])
  other = await plainPng(SIZE, [20, 40, 220])
  mask = await leftHalfTransparent(SIZE)
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

const withKey = (key: string) => ({ 'idempotency-key': key })

async function sendForm(
  user: TestUser,
  { parts, options, key = 'k' }: { parts: FormPart[]; options?: MultipartOptions; key?: string }
): Promise<JsonAnswer<ImagesAnswer>> {
  const { body, contentType } = multipart(parts, options)
  return callJson<ImagesAnswer>(gateway, '/v1/images/edits', {
    key: user.key,
    method: 'POST',
    headers: { ...withKey(key), 'content-type': contentType },
    body: new Uint8Array(body)
  })
}

const sendJson = (user: TestUser, path: string, json: unknown, key = 'k') =>
  callJson<ImagesAnswer>(gateway, path, { key: user.key, headers: withKey(key), json })

const field = (name: string, body: string): FormPart => ({ name, body })
const file = (name: string, body: Buffer, filename = 'a.png'): FormPart => ({ name, body, filename, type: 'image/png' })
const dataUrl = (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`

const partsOf = (model: FakeModel): FormPart[] => [
  field('model', model.id),
  field('prompt', 'make it rain'),
  field('seed', '5'),
  file('image', source),
  file('mask', mask)
]

const codeOf = ({ body }: JsonAnswer<unknown>) => (body as { error?: { code: string } }).error?.code
const countRequests = async ({ id }: TestUser) =>
  (await gateway.database.db.selectFrom('requests').select('id').where('user_id', '=', id).execute()).length

describe('an edit with a key', () => {
  it('is the same in another order of parts, with another boundary, other file names, and as JSON', async () => {
    const { user, model } = await fakes.newcomer()
    const parts = partsOf(model)
    const first = await sendForm(user, { parts })
    expect(first.status).toBe(200)
    const stored = await storedFiles(gateway.dataDir)
    const renamed = parts.map((part) => (part.filename === undefined ? part : { ...part, filename: 'other.bin' }))
    const asJson = {
      model: model.id,
      prompt: 'make it rain',
      seed: 5,
      images: [{ image_url: dataUrl(source) }],
      mask: { image_url: dataUrl(mask) }
    }
    const again = [
      await sendForm(user, { parts }),
      await sendForm(user, {
        parts: parts.toReversed(),
        options: { boundary: 'quite-Another', preamble: 'Hello!\r\n' }
      }),
      await sendForm(user, { parts: renamed }),
      await sendJson(user, '/v1/images/edits', asJson)
    ]
    for (const answer of again) expect([answer.status, answer.body]).toEqual([200, first.body])
    expect(model.received()).toHaveLength(1)
    expect(await countRequests(user)).toBe(1)
    // The copies that came with the repeated calls are gone.
    expect(await storedFiles(gateway.dataDir)).toEqual(stored)
  })

  it('is another with another image, mask, order of images or prompt, and leaves nothing stored', async () => {
    const { user, model } = await fakes.newcomer()
    const common = [field('model', model.id), field('prompt', 'make it rain')]
    const first = [...common, file('image[]', source), file('image[]', other), file('mask', mask)]
    expect((await sendForm(user, { parts: first })).status).toBe(200)
    const stored = await storedFiles(gateway.dataDir)
    const otherMask = await leftHalfTransparent(SIZE, [255, 255, 255])
    const others: FormPart[][] = [
      [...common, file('image[]', source), file('image[]', source), file('mask', mask)],
      [...common, file('image[]', other), file('image[]', source), file('mask', mask)],
      [...common, file('image[]', source), file('image[]', other), file('mask', otherMask)],
      [...common, file('image[]', source), file('image[]', other)],
      [...common, file('image[]', source), file('mask', mask)],
      [common[0]!, field('prompt', 'make it snow'), ...first.slice(2)]
    ]
    for (const parts of others) {
      const answer = await sendForm(user, { parts })
      expect([answer.status, codeOf(answer)]).toEqual([409, 'idempotency_mismatch'])
      expect(answer.headers.get('x-should-retry')).toBe('false')
    }
    expect(await storedFiles(gateway.dataDir)).toEqual(stored)
    expect(model.received()).toHaveLength(1)
  })

  it('sent ten times at once is one request, and keeps one copy of its inputs', async () => {
    const { user, model } = await fakes.newcomer()
    model.answers({ name: 'slow', delayMs: 100 })
    const before = await storedFiles(gateway.dataDir)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => sendForm(user, { parts: partsOf(model), options: { boundary: `b${i}` } }))
    )
    for (const answer of answers) expect([answer.status, answer.body]).toEqual([200, answers[0]?.body])
    expect(model.received()).toHaveLength(1)
    // Image, mask and result.
    expect(await storedFiles(gateway.dataDir)).toHaveLength(before.length + 3)
  })

  it('that is not one leaves nothing stored', async () => {
    const { user, model } = await fakes.newcomer()
    const before = await storedFiles(gateway.dataDir)
    const answer = await sendForm(user, { parts: partsOf(model), key: 'x'.repeat(129) })
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_request'])
    expect(await storedFiles(gateway.dataDir)).toEqual(before)
  })
})

describe('endpoints', () => {
  it('each have keys of their own', async () => {
    const { user, model } = await fakes.newcomer()
    const images = [{ image_url: dataUrl(source) }]
    const bodies: [string, Record<string, unknown>][] = [
      ['generations', { model: model.id, prompt: 'x' }],
      ['edits', { model: model.id, prompt: 'x', images }],
      ['variations', { model: model.id, images }]
    ]
    const ids = new Set<string>()
    for (const [route, json] of bodies) {
      const { status, body } = await sendJson(user, `/v1/images/${route}`, json)
      expect([route, status]).toEqual([route, 200])
      ids.add(body.request_id)
    }
    expect(ids.size).toBe(3)
    const requests = [{ endpoint: '/v1/images/generations', body: bodies[0]![1] }]
    expect((await sendJson(user, '/v1/batches', { requests })).status).toBe(202)
    expect(await countRequests(user)).toBe(4)
    await gateway.drain()
  })
})

describe('a batch with a key', () => {
  const requestsOf = (model: FakeModel, change: Record<string, unknown> = {}) => [
    { endpoint: '/v1/images/generations', body: { model: model.id, prompt: 'one', ...change } },
    {
      endpoint: '/v1/images/edits',
      body: { model: model.id, prompt: 'two', images: [{ image_url: dataUrl(source) }] }
    }
  ]
  const send = (user: TestUser, requests: unknown, label = 'first') =>
    callJson<{ id: string; label: string; jobs: { id: string }[] }>(gateway, '/v1/batches', {
      key: user.key,
      headers: withKey('k'),
      json: { requests, label }
    })

  it('is accepted once, its inputs stored once', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const before = await storedFiles(gateway.dataDir)
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(user, requestsOf(model))))
    for (const { status, body } of answers) {
      expect([status, body.id, body.jobs]).toMatchObject([
        202,
        answers[0]?.body.id,
        answers[0]!.body.jobs.map(({ id }) => ({ id }))
      ])
    }
    expect(await countRequests(user)).toBe(2)
    for (const { id } of answers[0]!.body.jobs) await jobs.ended(id)
    const relabelled = await send(user, requestsOf(model), 'second')
    expect(relabelled.body).toMatchObject({ id: answers[0]?.body.id, label: 'first', status: 'DONE' })
    expect(model.received()).toHaveLength(2)
    // An input and two results.
    expect(await storedFiles(gateway.dataDir)).toHaveLength(before.length + 3)
  })

  it('is another with other requests, or the same in another order', async () => {
    const { user, model } = await fakes.newcomer()
    expect((await send(user, requestsOf(model))).status).toBe(202)
    await gateway.drain()
    const stored = await storedFiles(gateway.dataDir)
    for (const requests of [
      requestsOf(model).toReversed(),
      requestsOf(model).slice(1),
      [...requestsOf(model), ...requestsOf(model)],
      requestsOf(model, { n: 2 })
    ]) {
      expect(codeOf(await send(user, requests))).toBe('idempotency_mismatch')
    }
    expect(await countRequests(user)).toBe(2)
    expect(await storedFiles(gateway.dataDir)).toEqual(stored)
  })
})
