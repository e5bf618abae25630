import { APIError, toFile } from 'openai'
import type { ImageEditStreamEvent } from 'openai/resources/images'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Assigned, type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { plain, plainPng } from '../support/pictures.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

let gateway: TestGateway
let user: TestUser
let worker: HandWorker
let picture: Buffer
let preview: string

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_UNUSABLE_TIMEOUT: '1s' } })
  user = await gateway.addUser()
  worker = await startHandWorker(gateway, {
    key: user.key,
    services: [{ concurrency: 10, models: [{ id: 'studio', features: ['generate', 'edit', 'preview'] }] }]
  })
  picture = await plainPng({ width: 32, height: 16 }, [9, 90, 200])
  preview = (await plain({ width: 8, height: 4 }, [1, 2, 3]).jpeg().toBuffer()).toString('base64')
})

afterAll(async () => {
  await worker.close()
  await gateway.close()
})

const wrap = wrapUntilTheEnd()
const VALID = { model: 'studio', prompt: 'a heron', stream: true }

const stream = (body: object, init: RequestInit = {}) =>
  gateway.call('/v1/images/generations', {
    method: 'POST',
    key: user.key,
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
    body: JSON.stringify({ ...VALID, ...body })
  })

/** Tells of a step, and shows what there is of the image by then. */
function step({ attempt_id }: Assigned, at: number, steps: number): void {
  worker.agent.send({ type: 'attempt.progress', attempt_id, step: at, steps })
  worker.agent.send({ type: 'attempt.preview', attempt_id, media_type: 'image/jpeg', b64_json: preview })
}

/** The request of an attempt has heard all that was sent before this resolves. */
async function heard(attempt: Assigned, at: number): Promise<void> {
  const seen = Promise.withResolvers<void>()
  const { live } = gateway.gateway.context
  const stop = live.subscribeAll(undefined, (_id, event) => {
    if (event.type === 'preview') seen.resolve()
  })
  step(attempt, at, 10)
  await seen.promise
  stop()
}

const finish = (attempt: Assigned) => worker.finish(attempt, { body: picture })
const idOf = (response: Response) => response.headers.get('x-inference-club-request-id') ?? ''
const jobOf = (response: Response) => jobCalls(gateway, user).get(idOf(response))
const NO_USAGE =
  '{"total_tokens":0,"input_tokens":0,"output_tokens":0,"input_tokens_details":{"text_tokens":0,"image_tokens":0}}'

/** Answers with the head of the stream before anything was told. */
async function begin(body: object = {}, init: RequestInit = {}) {
  const responding = stream(body, init)
  const attempt = await worker.next()
  return { responding, attempt }
}

describe('the events of an image', () => {
  it('are those of OpenAI, byte for byte', async () => {
    const { responding, attempt } = await begin({ partial_images: 2, size: '32x16', quality: 'high' })
    // One of the first half, then one past the middle.
    for (let at = 1; at <= 4; at++) step(attempt, at, 10)
    const response = await responding
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    let text = ''
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part
      const told = text.split('\n\n').length - 1
      if (told === 1) for (let at = 5; at <= 7; at++) step(attempt, at, 10)
      if (told === 2) await finish(attempt)
    }
    const { created } = (await jobOf(response)).result!
    const partial = (index: number, at: string) =>
      `event: image_generation.partial_image\ndata: {"type":"image_generation.partial_image","b64_json":"${preview}","created_at":${at},` +
      `"size":"32x16","quality":"high","background":"auto","output_format":"jpeg","partial_image_index":${index}}\n\n`
    const at = [...text.matchAll(/"created_at":(\d+)/g)].map(([, seconds]) => seconds!)
    expect(text).toBe(
      partial(0, at[0]!) +
        partial(1, at[1]!) +
        `event: image_generation.completed\ndata: {"type":"image_generation.completed","b64_json":"${picture.toString('base64')}",` +
        `"created_at":${created},"size":"32x16","quality":"high","background":"auto","output_format":"png","usage":${NO_USAGE}}\n\n`
    )
    for (const seconds of at) expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60)
  })

  it('are those of an edit, byte for byte', async () => {
    const body = new FormData()
    const fields = { model: 'studio', prompt: 'in blue', stream: 'true', partial_images: '1', size: '32x16' }
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    body.append('image', new Blob([new Uint8Array(picture)], { type: 'image/png' }), 'a.png')
    const responding = gateway.call('/v1/images/edits', { method: 'POST', key: user.key, body })
    const attempt = await worker.next()
    await heard(attempt, 5)
    const response = await responding
    await finish(attempt)
    const text = await response.text()
    const { created } = (await jobOf(response)).result!
    const at = /"created_at":(\d+)/.exec(text)?.[1]
    expect(text).toBe(
      `event: image_edit.partial_image\ndata: {"type":"image_edit.partial_image","b64_json":"${preview}","created_at":${at},` +
        `"size":"32x16","quality":"auto","background":"auto","output_format":"jpeg","partial_image_index":0}\n\n` +
        `event: image_edit.completed\ndata: {"type":"image_edit.completed","b64_json":"${picture.toString('base64')}",` +
        `"created_at":${created},"size":"32x16","quality":"auto","background":"auto","output_format":"png","usage":${NO_USAGE}}\n\n`
    )
  })

  it('are read by the official client, of generations and of edits', async () => {
    const { client } = user
    const generating = client.images.generate({ ...VALID, stream: true, partial_images: 1, quality: 'hd' as never })
    const first = await worker.next()
    await heard(first, 5)
    await finish(first)
    const made = await Array.fromAsync(await generating)
    expect(made.map(({ type }) => type)).toEqual(['image_generation.partial_image', 'image_generation.completed'])
    expect(made.at(-1)).toMatchObject({ b64_json: picture.toString('base64'), size: '32x16', quality: 'auto' })

    const editing = client.images.edit({
      ...{ model: 'studio', prompt: 'in blue', stream: true, partial_images: 3 },
      image: await toFile(picture, 'a.png', { type: 'image/png' })
    })
    const second = await worker.next()
    step(second, 3, 10)
    const edited: ImageEditStreamEvent[] = []
    for await (const event of await editing) {
      edited.push(event)
      if (edited.length < 3) step(second, 3 + 3 * edited.length, 10)
      else if (edited.length === 3) await finish(second)
    }
    expect(edited.map((event) => [event.type, 'partial_image_index' in event && event.partial_image_index])).toEqual([
      ['image_edit.partial_image', 0],
      ['image_edit.partial_image', 1],
      ['image_edit.partial_image', 2],
      ['image_edit.completed', false]
    ])
  })

  it('are the last alone where nobody wants previews, or none come', async () => {
    for (const [partial_images, previews] of [
      [0, 9],
      [3, 0]
    ] as const) {
      const { responding, attempt } = await begin({ partial_images })
      for (let at = 1; at <= previews; at++) await heard(attempt, at)
      await finish(attempt)
      expect((await (await responding).text()).match(/^event: .*$/gm)).toEqual(['event: image_generation.completed'])
    }
  })

  it('hold previews as they come where nobody tells the steps, and no more than were wanted', async () => {
    const { responding, attempt } = await begin({ partial_images: 1 })
    const { attempt_id } = attempt
    for (let i = 0; i < 3; i++)
      worker.agent.send({ type: 'attempt.preview', attempt_id, media_type: 'image/jpeg', b64_json: preview })
    await heard(attempt, 0)
    await finish(attempt)
    expect((await (await responding).text()).match(/^event: .*$/gm)).toEqual([
      'event: image_generation.partial_image',
      'event: image_generation.completed'
    ])
  })

  it.each([2, 3])('hold both previews of work that shows two, where %d were wanted', async (partial_images) => {
    const { responding, attempt } = await begin({ partial_images })
    step(attempt, 4, 20)
    let text = ''
    for await (const part of (await responding).body!.pipeThrough(new TextDecoderStream())) {
      text += part
      const told = text.split('\n\n').length - 1
      if (told === 1) step(attempt, 12, 20)
      if (told === 2) await finish(attempt)
    }
    expect(text.match(/^event: .*$/gm)).toEqual([
      'event: image_generation.partial_image',
      'event: image_generation.partial_image',
      'event: image_generation.completed'
    ])
  })

  it('are the image again for whoever repeats the call with its key', async () => {
    const key = { headers: { 'idempotency-key': 'stream-1' } }
    const { responding, attempt } = await begin({}, key)
    await finish(attempt)
    const text = await (await responding).text()
    expect(await (await stream({}, key)).text()).toBe(text)
  })
})

describe('a failure', () => {
  it('is an event once the stream has begun, which the official client throws', async () => {
    const { responding, attempt } = await begin()
    const { attempt_id, token } = attempt
    worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'content_rejected', message: 'Not that.' })
    const response = await responding
    const text = await response.text()
    const { error } = await jobOf(response)
    expect(error).toMatchObject({ code: 'content_rejected' })
    expect(text).toBe(`event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`)

    const generating = user.client.images.generate({ ...VALID, stream: true })
    const again = await worker.next()
    worker.agent.send({ ...again, type: 'attempt.failed', fault: 'content_rejected', message: 'Not that.' })
    await expect(Array.fromAsync(await generating)).rejects.toSatisfy(
      (thrown) => thrown instanceof APIError && thrown.code === 'content_rejected'
    )
  })

  it('of bytes that cannot be read is an event, too', async () => {
    const { responding, attempt } = await begin()
    const { assets, awaitedImages } = gateway.gateway.context
    wrap(awaitedImages, 'find', () => () => undefined)
    wrap(assets, 'openBytes', () => () => Promise.reject(new Error('secret place')))
    await finish(attempt)
    const text = await (await responding).text()
    expect(text).toMatch(/^event: error\ndata: \{"type":"error","error":\{.*"code":"internal_error"/)
    expect(text).not.toContain('secret place')
  })

  it('is an answer like any other when the call is not taken', async () => {
    const nowhere = await stream({ model: 'nobody-has-it' })
    expect(nowhere.status).toBe(404)
    expect(await nowhere.json()).toMatchObject({ error: { code: 'no_provider' } })
  })
})

describe('refused is', () => {
  it.each([
    [{ n: 2 }, 'n'],
    [{ async: true }, 'stream'],
    [{ partial_images: 4 }, 'partial_images'],
    [{ partial_images: -1 }, 'partial_images'],
    [{ stream: 'maybe' }, 'stream']
  ])('%j', async (body, param) => {
    const response = await stream(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_request', param } })
  })

  it('a variation, and a call of a batch', async () => {
    const form = new FormData()
    form.set('image', new Blob([picture]), 'a.png')
    form.set('model', 'studio')
    form.set('stream', 'true')
    const varied = await gateway.call('/v1/images/variations', { method: 'POST', key: user.key, body: form })
    expect([varied.status, await varied.json()]).toMatchObject([400, { error: { param: 'stream' } }])
    const batch = await gateway.call('/v1/batches', {
      method: 'POST',
      key: user.key,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ requests: [{ endpoint: '/v1/images/generations', body: VALID }] })
    })
    expect([batch.status, await batch.json()]).toMatchObject([400, { error: { param: 'requests[0].body.stream' } }])
  })
})

describe('a reader who leaves', () => {
  it.each([
    ['cancels what nobody will read', undefined, 'CANCELED'],
    ['lets it go on when there is a key to come back with', 'stream-left', 'PROCESSED']
  ])('%s', async (_name, key, status) => {
    const leaving = new AbortController()
    wrap(gateway.gateway.context.requestViews, 'watch', (watch) => (one) => watch({ ...one, quietMs: 20 }))
    const { responding, attempt } = await begin(
      {},
      { signal: leaving.signal, ...(key !== undefined && { headers: { 'idempotency-key': key } }) }
    )
    const response = await responding
    leaving.abort()
    const { get } = jobCalls(gateway, user)
    if (key !== undefined) await finish(attempt)
    await waitFor(async () => (await get(idOf(response))).status === status)
  })

  it('before the stream has begun is noticed as well', async () => {
    const leaving = new AbortController()
    const { responding, attempt } = await begin({ prompt: 'left early' }, { signal: leaving.signal })
    leaving.abort()
    await expect(responding).rejects.toThrow()
    await waitFor(() =>
      worker.agent.messages.some(
        (message) => message.type === 'attempt.cancel' && message.attempt_id === attempt.attempt_id
      )
    )
  })
})

describe('while nothing happens', () => {
  it('comments keep the connection open', async () => {
    wrap(gateway.gateway.context.requestViews, 'watch', (watch) => (one) => watch({ ...one, quietMs: 20 }))
    const { responding, attempt } = await begin()
    let text = ''
    for await (const part of (await responding).body!.pipeThrough(new TextDecoderStream())) {
      text += part
      if (text.split(': heartbeat\n\n').length === 4) await finish(attempt)
    }
    expect(text).toMatch(/^(: heartbeat\n\n){3,}event: image_generation.completed\ndata: \{.*\}\n\n$/)
  })

  it('a call whose image servers cannot be used is told so in the end, and leaves nothing behind', async () => {
    const away = await gateway.addUser()
    const other = await startHandWorker(gateway, {
      key: away.key,
      services: [{ name: 'away', models: [{ id: 'away', features: ['generate'] }] }]
    })
    const waiting = stream({ model: 'away' })
    let refused = 0
    const refuse = () => {
      for (const { attempt_id, token } of other.assigned().slice(refused)) {
        refused += 1
        other.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'unreachable', message: 'It is off.' })
      }
    }
    other.agent.socket.on('message', refuse)
    const response = await waiting
    expect(await response.text()).toMatch(/event: error\ndata: \{"type":"error","error":\{.*"code":"upstream_busy"/)
    expect(await jobOf(response)).toMatchObject({ status: 'FAILED', error: { code: 'upstream_busy' } })
    await other.close()
  })
})

it('is told at once of caps that end later than anybody waits for an answer', async () => {
  const friend = await gateway.addUser()
  const kept = await startHandWorker(gateway, {
    key: (await gateway.addUser()).key,
    services: [{ name: 'kept', images_per_hour: 1, models: [{ id: 'kept', features: ['generate'] }] }]
  })
  const first = stream({ model: 'kept' })
  await kept.finish(await kept.next())
  await (await first).text()
  const response = await stream({ model: 'kept' }, { key: friend.key } as RequestInit)
  expect(await response.text()).toMatch(/event: error\ndata: \{"type":"error","error":\{.*"code":"upstream_busy"/)
  await kept.close()
})

it('a server that stops tells so, and goes on with the image afterwards', async () => {
  const stopping = await startTestGateway()
  const owner = await stopping.addUser()
  const busy = await startHandWorker(stopping, {
    key: owner.key,
    services: [{ models: [{ id: 'studio', features: ['generate'] }] }]
  })
  wrap(stopping.gateway.context.requestViews, 'watch', (watch) => (one) => watch({ ...one, quietMs: 20 }))
  const response = await stopping.call('/v1/images/generations', {
    method: 'POST',
    key: owner.key,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(VALID)
  })
  await busy.next()
  const [text] = await Promise.all([response.text(), stopping.close()])
  expect(text).toMatch(/event: error\ndata: \{"type":"error","error":\{.*"code":"shutting_down"/)
  await busy.close()
})

it('is made once for two who read it', async () => {
  const key = { headers: { 'idempotency-key': 'stream-two' } }
  const { responding, attempt } = await begin({}, key)
  const assigned = worker.assigned().length
  const second = stream({}, key)
  await finish(attempt)
  const [one, other] = await Promise.all([responding, second].map(async (response) => (await response).text()))
  expect(other).toBe(one)
  expect(worker.assigned()).toHaveLength(assigned)
})
