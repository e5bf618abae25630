import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { type JobEvent, readJobEvents } from '../support/job-events.ts'
import { plain } from '../support/pictures.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

const FEATURES = ['generate' as const, 'edit' as const, 'variation' as const]

let gateway: TestGateway
let fakes: FakeModels

beforeAll(async () => {
  gateway = await startTestGateway()
  fakes = await startFakeModels(gateway)
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

const wrap = wrapUntilTheEnd()

/** How many listen at this moment for what happens to a request. */
function countListeners(): (requestId: string) => number {
  const listening = new Map<string, number>()
  const change = (topic: string, by: number) => void listening.set(topic, (listening.get(topic) ?? 0) + by)
  const { live, database } = gateway.gateway.context
  wrap(database.bell, 'on', (on) => (topic, listener) => {
    const stop = on(topic, listener)
    change(topic, 1)
    return () => {
      change(topic, -1)
      stop()
    }
  })
  wrap(live, 'subscribe', (subscribe) => (id, listener) => {
    const stop = subscribe(id, listener)
    change(`live ${id}`, 1)
    return () => {
      change(`live ${id}`, -1)
      stop()
    }
  })
  return (id) => (listening.get(`request:${id}`) ?? 0) + (listening.get(`live ${id}`) ?? 0)
}

/** Whoever is new with a model of their own whose images are made by hand. */
async function handMade(
  model: string
): Promise<{ user: TestUser; jobs: ReturnType<typeof jobCalls>; worker: HandWorker }> {
  const user = await gateway.addUser()
  const worker = await startHandWorker(gateway, {
    key: user.key,
    services: [{ models: [{ id: model, features: FEATURES }] }]
  })
  return { user, jobs: jobCalls(gateway, user), worker }
}

const eventsOf = (user: TestUser, id: string) => readJobEvents(gateway, { id, key: user.key })

/** Reads on until there is one of that name. */
async function nextNamed(events: AsyncGenerator<JobEvent, void, undefined>, name: string): Promise<JobEvent> {
  for (;;) {
    const { value, done } = await events.next()
    if (done) throw new Error(`the events ended without '${name}'`)
    if (value.event === name) return value
  }
}

describe('the events of a job', () => {
  it('follow it from the queue to its result', async () => {
    const { user, jobs, worker } = await handMade('followed')
    const blocking = await jobs.submit({ model: 'followed' })
    const first = await worker.next()
    const id = await jobs.submit({ model: 'followed', n: 2 })
    const events = eventsOf(user, id)
    const { value: begins } = await events.next()
    expect(begins).toMatchObject({ event: 'status', data: { id, status: 'QUEUED', progress: 0 } })

    await worker.finish(first)
    const attempt = await worker.next()
    expect(await nextNamed(events, 'status')).toMatchObject({ data: { status: 'PROCESSING' } })
    const { attempt_id } = attempt
    worker.agent.send({ type: 'attempt.progress', attempt_id, step: 1, steps: 4 })
    expect(await nextNamed(events, 'progress')).toEqual({ event: 'progress', data: { image: 0, step: 1, steps: 4 } })
    // What is no image is shown to nobody; what it is called is of no matter.
    const page = Buffer.from('<script>').toString('base64')
    worker.agent.send({ type: 'attempt.preview', attempt_id, media_type: 'image/jpeg', b64_json: page })
    const b64_json = (await plain({ width: 8, height: 8 }, [1, 2, 3]).jpeg().toBuffer()).toString('base64')
    worker.agent.send({ type: 'attempt.preview', attempt_id, media_type: 'text/html', b64_json })
    expect(await nextNamed(events, 'preview')).toEqual({
      event: 'preview',
      data: { image: 0, b64_json, media_type: 'image/jpeg' }
    })
    await worker.finish(attempt)
    expect(await nextNamed(events, 'status')).toMatchObject({ data: { status: 'PROCESSING', progress: 50 } })
    await worker.finish(await worker.next())

    const rest = await Array.fromAsync(events)
    const { result } = await jobs.get(id)
    expect(rest.at(-2)).toMatchObject({ event: 'status', data: { status: 'PROCESSED', progress: 100 } })
    expect(rest.at(-1)).toEqual({ event: 'result', data: result })
    await jobs.ended(blocking)
    await worker.close()
  })

  it('are the same for everybody who follows, and begin with the state of that moment', async () => {
    const { user, jobs, worker } = await handMade('popular')
    const id = await jobs.submit({ model: 'popular' })
    const attempt = await worker.next()
    const early = [eventsOf(user, id), eventsOf(user, id)]
    for (const events of early) expect((await events.next()).value).toMatchObject({ data: { status: 'PROCESSING' } })
    await worker.finish(attempt)
    const [one, two] = await Promise.all(early.map((events) => Array.fromAsync(events)))
    expect(two).toEqual(one)
    expect(await Array.fromAsync(eventsOf(user, id))).toEqual(one)
    await worker.close()
  })

  it('of a canceled job end with the images that it had, or with the error', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('ok', 'hang', 'hang')
    const some = await jobs.submit({ model: model.id, n: 2 })
    await waitFor(async () => (await jobs.get(some)).attempts.some(({ status }) => status === 'succeeded'))
    await jobs.cancel(some)
    const { result } = await jobs.get(some)
    expect(result?.data).toHaveLength(1)
    expect((await Array.fromAsync(eventsOf(user, some))).at(-1)).toEqual({ event: 'result', data: result })
    const none = await jobs.submit({ model: model.id })
    await jobs.cancel(none)
    expect((await Array.fromAsync(eventsOf(user, none))).at(-1)).toMatchObject({
      event: 'error',
      data: { error: { code: 'canceled', type: 'canceled', param: null } }
    })
  })

  it('of a retried job can be followed anew', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('error_400', 'ok')
    const id = await jobs.submit({ model: model.id })
    expect((await Array.fromAsync(eventsOf(user, id))).at(-1)).toMatchObject({ event: 'error' })
    await jobs.retry(id)
    const events = await Array.fromAsync(eventsOf(user, id))
    expect(events.at(-1)).toEqual({ event: 'result', data: (await jobs.get(id)).result })
    expect(events.filter(({ event }) => event === 'error')).toEqual([])
  })

  it('tell of a second attempt as well', async () => {
    const { user, jobs, worker } = await handMade('unlucky')
    const id = await jobs.submit({ model: 'unlucky' })
    const { attempt_id, token } = await worker.next()
    const events = eventsOf(user, id)
    await nextNamed(events, 'status')
    worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'crashed', message: 'It fell over.' })
    const status = async () => ((await nextNamed(events, 'status')).data as { status: string }).status
    const first = await status()
    // It waits in between, which is told where somebody looks in that moment.
    expect(first === 'QUEUED' ? await status() : first).toBe('PROCESSING')
    const again = await worker.next()
    worker.agent.send({ type: 'attempt.progress', attempt_id: again.attempt_id, step: 1, steps: 2 })
    expect(await nextNamed(events, 'progress')).toMatchObject({ data: { image: 0, step: 1, steps: 2 } })
    await worker.finish(again)
    expect((await Array.fromAsync(events)).at(-1)).toMatchObject({ event: 'result' })
    await worker.close()
  })
})

describe('while nothing happens', () => {
  it('comments keep the connection open', async () => {
    const { user, jobs, worker } = await handMade('quiet')
    const { requestViews } = gateway.gateway.context
    wrap(requestViews, 'watch', (watch) => (options) => watch({ ...options, quietMs: 20 }))
    const id = await jobs.submit({ model: 'quiet' })
    const attempt = await worker.next()
    const response = await gateway.call(`/v1/jobs/${id}/events`, { key: user.key })
    let text = ''
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part
      if (text.split(': heartbeat\n\n').length === 4) await worker.finish(attempt)
    }
    expect(text).toMatch(/^event: status\ndata: \{.*\}\n\n(: heartbeat\n\n){3,}event: status\n/)
    expect(text).toMatch(/\n\nevent: result\ndata: \{.*\}\n\n$/)
    await worker.close()
  })
})

describe('a reader who leaves', () => {
  it('leaves nothing behind', async () => {
    const { user, jobs, worker } = await handMade('left')
    await jobs.submit({ model: 'left' })
    await worker.next()
    const id = await jobs.submit({ model: 'left' })
    const listening = countListeners()
    const leaving = Array.from({ length: 10 }, () => new AbortController())
    const readers = await Promise.all(
      leaving.map(async ({ signal }) => {
        const response = await gateway.call(`/v1/jobs/${id}/events`, { key: user.key, signal })
        const reader = response.body!.getReader()
        await reader.read()
        return reader
      })
    )
    expect(listening(id)).toBe(20)
    for (const one of leaving.slice(0, 9)) one.abort()
    await Promise.allSettled(readers.slice(0, 9).map((reader) => reader.read()))
    await waitFor(() => listening(id) === 2)
    await jobs.cancel(id)
    while (!(await readers[9]!.read()).done);
    await waitFor(() => listening(id) === 0)
    await worker.close()
  })

  it('who never reads does not fill the memory: of what waits only the latest is kept', async () => {
    const { user, jobs, worker } = await handMade('unread')
    const id = await jobs.submit({ model: 'unread' })
    await worker.next()
    const { requestViews, live } = gateway.gateway.context
    const leave = new AbortController()
    const events = requestViews.watch({ id, signal: leave.signal, quietMs: 60_000 })
    expect(await events.next()).toMatchObject({ value: { type: 'changed' } })
    for (let step = 1; step <= 1000; step++) {
      live.publish({ requestId: id, userId: user.id }, { type: 'progress', position: 0, step, steps: 1000 })
      live.publish(
        { requestId: id, userId: user.id },
        { type: 'preview', position: 0, mediaType: 'image/jpeg', b64: String(step) }
      )
      live.publish({ requestId: id, userId: user.id }, { type: 'progress', position: 1, step, steps: 1000 })
    }
    const taken = [await events.next(), await events.next(), await events.next()]
    expect(taken.map(({ value }) => value)).toEqual([
      { type: 'progress', position: 0, step: 1000, steps: 1000 },
      { type: 'preview', position: 0, mediaType: 'image/jpeg', b64: '1000' },
      { type: 'progress', position: 1, step: 1000, steps: 1000 }
    ])
    leave.abort()
    expect(await events.next()).toEqual({ value: undefined, done: true })
    await worker.close()
  })
})
