import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sleep } from '../../src/lib/async.ts'
import { cancelRequest } from '../../src/requests/cancel-request.ts'
import { createRequestViews } from '../../src/request-views/request-views.ts'
import { batchCalls } from '../support/batch-calls.ts'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { createHeldDisk } from '../support/held-disk.ts'
import { jobCalls } from '../support/job-calls.ts'
import { plain } from '../support/pictures.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'
import { leaveAfterEach, startWatching } from '../support/watched-requests.ts'
import { openTestDatabase } from '../support/open-test-database.ts'

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

leaveAfterEach()

const wrap = wrapUntilTheEnd()

const watch = (user?: Pick<TestUser, 'id'>) =>
  startWatching(gateway.gateway.context.requestViews, user ? { userId: user.id } : {})

/** Whoever is new with a model of their own whose images are made by hand. */
async function handMade(
  model: string
): Promise<{ user: TestUser; jobs: ReturnType<typeof jobCalls>; worker: HandWorker }> {
  const user = await gateway.addUser()
  const services = [{ models: [{ id: model, features: FEATURES }] }]
  return { user, jobs: jobCalls(gateway, user), worker: await startHandWorker(gateway, { key: user.key, services }) }
}

describe('whoever watches a person', () => {
  it('is told of a request from the queue to its image', async () => {
    const { user, jobs, worker } = await handMade('seen')
    const watcher = await watch(user)
    expect(watcher.seen[0]).toEqual({ type: 'anew' })
    const blocking = await jobs.submit({ model: 'seen' })
    const first = await worker.next()
    const id = await jobs.submit({ model: 'seen', prompt: 'a lighthouse' })
    const queued = await watcher.when(id, 'queued')
    expect(queued).toMatchObject({
      ownerName: user.email,
      queue: { position: 1 },
      view: { request: { user_id: user.id } }
    })

    await worker.finish(first)
    const attempt = await worker.next()
    await watcher.when(id, 'running')
    const { attempt_id } = attempt
    worker.agent.send({ type: 'attempt.progress', attempt_id, step: 1, steps: 4 })
    // What is no image is shown to nobody; what it is called is of no matter.
    const page = Buffer.from('<script>').toString('base64')
    worker.agent.send({ type: 'attempt.preview', attempt_id, media_type: 'image/jpeg', b64_json: page })
    const b64_json = (await plain({ width: 8, height: 8 }, [1, 2, 3]).jpeg().toBuffer()).toString('base64')
    worker.agent.send({ type: 'attempt.preview', attempt_id, media_type: 'text/html', b64_json })
    await waitFor(() => watcher.seen.some((event) => event.type === 'live' && event.event.type === 'preview'))
    expect(watcher.seen.filter((event) => event.type === 'live')).toEqual([
      { type: 'live', requestId: id, event: { type: 'progress', position: 0, step: 1, steps: 4 } },
      { type: 'live', requestId: id, event: { type: 'preview', position: 0, mediaType: 'image/jpeg', b64: b64_json } }
    ])
    await worker.finish(attempt)
    const { view } = await watcher.when(id, 'succeeded')
    expect(view.outputs).toHaveLength(1)
    expect(watcher.statesOf(id)).toEqual(['queued', 'running', 'succeeded'])
    expect(watcher.statesOf(blocking).at(-1)).toBe('succeeded')
    await worker.close()
  })

  it('is told of cancel, retry and deletion', async () => {
    const { user, jobs, worker } = await handMade('moved')
    const watcher = await watch(user)
    const id = await jobs.submit({ model: 'moved' })
    await worker.next()
    await watcher.when(id, 'running')
    await jobs.cancel(id)
    await watcher.when(id, 'canceled')
    await worker.agent.received('attempt.cancel')
    worker.agent.send({ type: 'attempt.stopped', attempt_id: worker.assigned()[0]!.attempt_id })
    await jobs.retry(id)
    await watcher.when(id, 'running')
    await jobs.cancel(id)
    await watcher.when(id, 'canceled')
    await jobs.remove(id)
    await waitFor(() => watcher.seen.some((event) => event.type === 'removed' && event.id === id))
    expect(watcher.seen.filter(({ type }) => type === 'removed')).toHaveLength(1)
    await worker.close()
  })

  it('is told of a failure with its reason', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('error_400')
    const watcher = await watch(user)
    const id = await jobs.submit({ model: model.id })
    const { view } = await watcher.when(id, 'failed')
    expect(view.request.error_code).toBe('invalid_request')
  })

  it('is told nothing of what others do, and whoever watches everybody is told all', async () => {
    const [one, other] = [await fakes.newcomer(), await fakes.newcomer()]
    const [mine, all] = [await watch(one.user), await watch()]
    const theirs = await other.jobs.submit({ model: other.model.id })
    const own = await one.jobs.submit({ model: one.model.id })
    for (const id of [theirs, own]) await all.when(id, 'succeeded')
    await mine.when(own, 'succeeded')
    await other.jobs.remove(theirs)
    await waitFor(() => all.seen.some((event) => event.type === 'removed' && event.id === theirs))
    const told = mine.seen.filter(({ type }) => type !== 'anew' && type !== 'queue')
    expect(told.length).toBeGreaterThan(0)
    expect(told.every((event) => (event.type === 'live' ? event.requestId : 'id' in event && event.id) === own)).toBe(
      true
    )
  })

  it('is told of every request of a batch', async () => {
    const { user, model } = await fakes.newcomer()
    const watcher = await watch(user)
    const calls = batchCalls(gateway, user)
    const { id } = await calls.submit(
      Array.from({ length: 30 }, (_, i) => ({
        endpoint: '/v1/images/generations',
        body: { model: model.id, prompt: `number ${i}`, size: '32x32' }
      }))
    )
    const { jobs } = await calls.get(id)
    expect(jobs).toHaveLength(30)
    for (const job of jobs) await watcher.when(job.id, 'succeeded')
  })

  it('is told how much there is to do', async () => {
    const { user, jobs, worker } = await handMade('counted')
    const watcher = await watch(user)
    const totals = () => watcher.seen.flatMap((event) => (event.type === 'queue' ? [event.totals] : []))
    const ids = [await jobs.submit({ model: 'counted', n: 3 })]
    await waitFor(() => totals().some(({ waiting, running }) => waiting >= 2 && running >= 1))
    for (const id of ids) await jobs.cancel(id)
    const late = await watch(user)
    expect(await waitFor(() => late.seen.find(({ type }) => type === 'queue'))).toBeDefined()
    await worker.close()
  })
})

describe('two who watch the same person', () => {
  it('are told the same, and one stays when the other leaves', async () => {
    const { user, jobs, worker } = await handMade('shared')
    const id = await jobs.submit({ model: 'shared', n: 2 })
    const first = await worker.next()
    const [one, two] = [await watch(user), await watch(user)]
    await worker.finish(first)
    const second = await worker.next()
    await waitFor(() => one.changesOf(id).length > 0 && two.changesOf(id).length > 0)
    await one.leave()
    await worker.finish(second)
    const { view } = await two.when(id, 'succeeded')
    expect(view.outputs).toHaveLength(2)
    expect(one.statesOf(id)).not.toContain('succeeded')
    await worker.close()
  })

  it('cost one look at the database together', async () => {
    const { user, jobs, worker } = await handMade('economical')
    const { requestViews, count } = countedViews()
    for (let i = 0; i < 50; i++) await startWatching(requestViews, { userId: user.id })
    const last = await startWatching(requestViews, { userId: user.id })
    const before = count()
    const id = await jobs.submit({ model: 'economical' })
    await last.when(id, 'running')
    expect(count() - before).toBeLessThan(50)
    await worker.close()
  })
})

/** The views of the gateway's database, counting the statements of these alone. */
function countedViews() {
  const { context } = gateway.gateway
  let statements = 0
  const db = new Proxy(context.database.db, {
    get: (target, name) => {
      if (name === 'selectFrom') statements += 1
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    }
  })
  const requestViews = createRequestViews({
    ...context,
    random: Math.random,
    database: { ...context.database, db },
    limits: context.config.limits
  })
  return { requestViews, count: () => statements }
}

describe('a hundred who watch while nothing happens to them', () => {
  it('ask the database nothing, whatever others do', async () => {
    const busy = await fakes.newcomer()
    const { users } = gateway.gateway.context
    const { requestViews, count } = countedViews()
    const began = performance.now()
    for (let i = 0; i < 100; i++) {
      const user = await users.addUser({ email: `idle-${i}@example.org`, name: 'Idle', role: 'member' })
      await startWatching(requestViews, { userId: user!.id })
    }
    const before = count()
    for (let i = 0; i < 3; i++) await busy.jobs.ended(await busy.jobs.submit({ model: busy.model.id }))
    await sleep(500)
    const seconds = (performance.now() - began) / 1000
    // How much there is to do is counted for all of them once a second; each looks by itself every five.
    expect(count() - before).toBeLessThanOrEqual(Math.ceil(seconds) + 200 * Math.floor(seconds / 5))
  })
})

describe('a watcher who leaves', () => {
  it('leaves nothing behind', async () => {
    const { live, database } = gateway.gateway.context
    let listening = 0
    const counted =
      <A extends unknown[]>(join: (...args: A) => () => void) =>
      (...args: A) => {
        const stop = join(...args)
        listening += 1
        return () => {
          listening -= 1
          stop()
        }
      }
    wrap(database.bell, 'on', counted)
    wrap(live, 'subscribeAll', counted)
    const users = [await gateway.addUser(), await gateway.addUser()]
    const watchers = [await watch(users[0]), await watch(users[0]), await watch(users[1]), await watch()]
    // Of each: what happens inside images; of each person and everybody, and of the queue: the bell.
    expect(listening).toBe(4 + 3 + 1)
    await watchers[0]!.leave()
    expect(listening).toBe(3 + 3 + 1)
    for (const watcher of watchers) await watcher.leave()
    expect(listening).toBe(0)

    const gone = gateway.gateway.context.requestViews.watchAll({ signal: AbortSignal.abort(), quietMs: 1 })
    expect(await gone.next()).toEqual({ value: undefined, done: true })
    expect(listening).toBe(0)
  })
})

describe('a watcher', () => {
  it('who never reads does not fill the memory: of what waits only the latest is kept', async () => {
    const { user, jobs, worker } = await handMade('unread')
    const { requestViews, live } = gateway.gateway.context
    const leave = new AbortController()
    const events = requestViews.watchAll({ userId: user.id, signal: leave.signal, quietMs: 60_000 })
    expect(await events.next()).toMatchObject({ value: { type: 'anew' } })
    const id = await jobs.submit({ model: 'unread' })
    const attempt = await worker.next()
    await worker.finish(attempt)
    await jobs.ended(id)
    const other = await watch(user)
    const running = await jobs.submit({ model: 'unread' })
    await other.when(running, 'running')
    for (let step = 1; step <= 1000; step++) {
      live.publish({ requestId: running, userId: user.id }, { type: 'progress', position: 0, step, steps: 1000 })
    }
    const rest: unknown[] = []
    for await (const event of events) {
      rest.push(event)
      if (event.type === 'live') leave.abort()
    }
    expect(rest).toEqual([
      { type: 'queue', totals: expect.anything() as unknown },
      expect.objectContaining({ type: 'changed', id }),
      expect.objectContaining({ type: 'changed', id: running }),
      { type: 'live', requestId: running, event: { type: 'progress', position: 0, step: 1000, steps: 1000 } }
    ])
    await worker.close()
  })

  it('is told that nothing happens', async () => {
    const user = await gateway.addUser()
    const watcher = await startWatching(gateway.gateway.context.requestViews, { userId: user.id, quietMs: 20 })
    await waitFor(() => watcher.seen.filter(({ type }) => type === 'quiet').length >= 3)
  })

  it('is told what another process changes', async () => {
    const { user, jobs, worker } = await handMade('elsewhere')
    const id = await jobs.submit({ model: 'elsewhere' })
    await worker.next()
    const watcher = await watch(user)
    const { dataDir, database: own } = gateway
    const database = await openTestDatabase({ dataDir, clock: own.clock })
    await cancelRequest({ database }, id)
    await database.close()
    await watcher.when(id, 'canceled')
    await worker.close()
  })

  it('is told in the end what no bell told', async () => {
    const { user, jobs, worker } = await handMade('unheard')
    const id = await jobs.submit({ model: 'unheard' })
    await worker.next()
    const watcher = await watch(user)
    wrap(gateway.database.bell, 'ring', () => () => undefined)
    await jobs.cancel(id)
    await watcher.when(id, 'canceled')
    await worker.close()
  })
})

it('is told only what is on disk', async () => {
  const disk = createHeldDisk()
  const held = await startTestGateway({ syncFile: disk.sync })
  try {
    const user = await held.addUser()
    const services = [{ models: [{ id: 'durable', features: FEATURES }] }]
    const worker = await startHandWorker(held, { key: user.key, services })
    const watcher = await startWatching(held.gateway.context.requestViews, { userId: user.id })
    const watched = { answered: false }
    disk.hold()
    const submitted = jobCalls(held, user).submit({ model: 'durable' })
    await worker.next()
    const told = waitFor(() => {
      watched.answered = watcher.seen.some(({ type }) => type === 'changed')
      return watched.answered
    })
    await disk.expectHeldBack(watched)
    disk.release()
    await told
    await watcher.when(await submitted, 'running')
    await watcher.leave()
    await worker.close()
  } finally {
    await held.close()
  }
})
