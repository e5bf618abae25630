import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Engine, EngineRun } from '../../src/engines/engine.ts'
import type { ImageTask } from '../../src/images/image-request.ts'
import { listTasks } from '../../src/requests/task-store.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { type JobAnswer, getJob } from '../support/image-calls.ts'
import { plainPng } from '../support/pictures.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const MODEL = 'm'

let gateway: TestGateway
let owner: TestUser
let caller: TestUser
const workers: HandWorker[] = []

beforeEach(async () => {
  gateway = await startTestGateway()
  owner = await gateway.addUser()
  caller = await gateway.addUser()
})
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close()
  await gateway.close()
})

/** A machine that makes one image at a time and holds as many ready as it says. */
async function connect({
  prefetch,
  key = owner.key,
  limits = {}
}: {
  prefetch?: number
  key?: string
  limits?: { images_per_user_hour?: number; images_per_hour?: number }
} = {}): Promise<HandWorker> {
  const models = [{ id: MODEL, features: ['generate' as const] }]
  const worker = await startHandWorker(gateway, {
    key,
    services: [{ name: 'images', models, ...limits, ...(prefetch !== undefined && { prefetch }) }]
  })
  workers.push(worker)
  return worker
}

async function ask(user = caller, fields: object = {}): Promise<string> {
  const json = { model: MODEL, prompt: 'a fox', size: '32x32', async: true, ...fields }
  const answer = await gateway.call('/v1/images/generations', { key: user.key, json })
  expect(answer.status).toBe(202)
  return ((await answer.json()) as { id: string }).id
}

const job = (id: string, user = caller): Promise<JobAnswer> => getJob(user.client, id)
const taskOf = async (id: string) => (await listTasks(gateway.database.db, id))[0]!
const done = (id: string, user = caller) =>
  waitFor(async () => {
    const now = await job(id, user)
    return now.status === 'PROCESSED' && now
  })
/** Rounds of dispatch that have looked at everything: what could be given by now was. */
const settle = async () => {
  const other = await gateway.addUser()
  const worker = await startHandWorker(gateway, {
    key: other.key,
    services: [{ models: [{ id: 'settled', features: ['generate'] }] }]
  })
  await ask(other, { model: 'settled' })
  await worker.finish(await worker.next())
  await worker.close()
}

describe('a machine that is busy', () => {
  it('is given as many more as it holds ready, and those wait for all that anybody is shown', async () => {
    const worker = await connect({ prefetch: 1 })
    const [first, second, third] = [await ask(), await ask(), await ask()]
    expect(await worker.next()).not.toHaveProperty('standby')
    const standby = await worker.next()
    expect(standby).toMatchObject({ standby: true })
    await settle()
    expect(worker.assigned()).toHaveLength(2)
    expect((await job(first!)).status).toBe('PROCESSING')
    for (const [id, position] of [
      [second, 1],
      [third, 2]
    ] as const) {
      expect(await job(id!)).toMatchObject({ status: 'QUEUED', queue_position: position, attempts: [] })
    }
    expect(await gateway.gateway.context.requestViews.countUnfinished()).toMatchObject({ queued: 2, running: 1 })
  })

  it.each([{ images_per_user_hour: 2 }, { images_per_hour: 2 }])(
    'has a place within %o for what it holds ready, which does not wait for that limit',
    async (limits) => {
      const worker = await connect({ prefetch: 1, limits })
      const [, second, third] = [await ask(), await ask(), await ask()]
      expect(await worker.next()).not.toHaveProperty('standby')
      expect(await worker.next()).toMatchObject({ standby: true })
      await settle()
      expect(await job(second!)).not.toHaveProperty('waiting')
      expect(await job(third!)).toMatchObject({ waiting: { reason: 'capped' } })
    }
  )

  it.each([undefined, 0])('is given none when it holds none ready (prefetch: %s)', async (prefetch) => {
    const worker = await connect(prefetch === undefined ? {} : { prefetch })
    const ids = [await ask(), await ask()]
    await worker.finish(await worker.next())
    await settle()
    expect(worker.assigned()).toHaveLength(2)
    expect(worker.assigned().map(({ standby }) => standby)).toEqual([undefined, undefined])
    await worker.finish(await worker.next())
    for (const id of ids) await done(id)
  })

  it('is told to begin it when the one before is delivered, also when its agent does not ask', async () => {
    const worker = await connect({ prefetch: 1 })
    const [first, second] = [await ask(), await ask()]
    await worker.finish(await worker.next())
    const { attempt_id: held } = await worker.next()
    await worker.agent.received('attempt.start', ({ attempt_id }) => attempt_id === held)
    await waitFor(async () => (await job(second!)).status === 'PROCESSING')
    expect((await job(second!)).attempts).toMatchObject([{ status: 'running' }])
    await worker.finish(worker.assigned()[1]!)
    for (const id of [first, second]) expect((await done(id!)).attempts).toHaveLength(1)
  })

  it('is let begin it while the one before is on its way, which makes no place more of it', async () => {
    const worker = await connect({ prefetch: 1 })
    const ids = [await ask(), await ask(), await ask()]
    const [first, second] = [await worker.next(), await worker.next()]
    worker.agent.send({ type: 'attempt.ready', attempt_id: 'att_unheard_of' })
    const asks = ['once', 'twice', 'after a lost answer']
    for (const _ of asks) worker.agent.send({ type: 'attempt.ready', attempt_id: second.attempt_id })
    const starts = () => worker.agent.messages.filter(({ type }) => type === 'attempt.start')
    await waitFor(() => starts().length === asks.length)
    expect(starts()[0]).toMatchObject({ attempt_id: second.attempt_id })
    expect((await job(ids[1]!)).status).toBe('PROCESSING')
    await settle()
    expect(worker.assigned()).toHaveLength(2)
    await worker.finish(first)
    expect(await worker.next()).toMatchObject({ standby: true })
    await worker.finish(second)
    await worker.finish(worker.assigned()[2]!)
    for (const id of ids) await done(id)
    const [service] = await gateway.database.db
      .selectFrom('services')
      .selectAll()
      .where('name', '=', 'images')
      .execute()
    expect(service!.proven_places).toBeLessThanOrEqual(1)
  })

  it('may deliver it though its agent asked nobody', async () => {
    const worker = await connect({ prefetch: 1 })
    const ids = [await ask(), await ask()]
    const [first, second] = [await worker.next(), await worker.next()]
    await worker.finish(second)
    await worker.finish(first)
    for (const id of ids) expect((await done(id)).attempts).toHaveLength(1)
  })
})

describe('what a busy machine holds ready', () => {
  it('goes to another that comes online idle, at once, and is made once', async () => {
    const busy = await connect({ prefetch: 1 })
    const ids = [await ask(), await ask()]
    const [first, held] = [await busy.next(), await busy.next()]
    const idle = await connect({ prefetch: 1 })
    const taken = await idle.next()
    expect(taken).not.toHaveProperty('standby')
    await busy.agent.received('attempt.cancel', ({ attempt_id }) => attempt_id === held.attempt_id)
    // Whatever it made of it is not wanted.
    await expect(busy.finish(held)).rejects.toThrow('404')
    busy.agent.send({ type: 'attempt.stopped', attempt_id: held.attempt_id })
    await idle.finish(taken)
    await busy.finish(first)
    const attempts = [await done(ids[0]!), await done(ids[1]!)].map((one) => one.attempts.length)
    expect(attempts).toEqual([1, 1])
    const { images } = (await gateway.database.db
      .selectFrom('usage_images')
      .select((e) => e.fn.countAll<number>().as('images'))
      .executeTakeFirstOrThrow()) as { images: number }
    expect(images).toBe(2)
  })

  it('does not begin where the one before was refused for now, also while that is being written down', async () => {
    const worker = await connect({ prefetch: 1 })
    const [first, second] = [await ask(), await ask()]
    const { attempt_id, token } = await worker.next()
    const held = await worker.next()
    const { requests } = gateway.gateway.context
    const { fail } = requests
    const failing = Promise.withResolvers<undefined>()
    const written = Promise.withResolvers<undefined>()
    requests.fail = async (attempt, failure) => {
      failing.resolve(undefined)
      await written.promise
      return fail(attempt, failure)
    }
    const busy = { fault: 'busy' as const, message: 'Slow down.', retry_after_ms: 600_000 }
    worker.agent.send({ type: 'attempt.failed', attempt_id, token, ...busy })
    worker.agent.send({ type: 'attempt.ready', attempt_id: held.attempt_id })
    await failing.promise
    await settle()
    expect(await taskOf(second!)).toMatchObject({ state: 'queued', held: 1 })
    written.resolve(undefined)
    await worker.agent.received('attempt.cancel', (message) => message.attempt_id === held.attempt_id)
    expect(worker.agent.messages.filter(({ type }) => type === 'attempt.start')).toEqual([])
    expect(worker.agent.messages.filter(({ type }) => type === 'attempt.cancel')).toHaveLength(1)
    for (const id of [first, second]) expect(await taskOf(id!)).toMatchObject({ state: 'queued', held: 0 })
  })

  it('is let go when it is canceled, and the next is held in its place', async () => {
    const worker = await connect({ prefetch: 1 })
    const [, second, third] = [await ask(), await ask(), await ask()]
    await worker.next()
    const held = await worker.next()
    expect((await gateway.call(`/v1/jobs/${second}/cancel`, { key: caller.key, method: 'POST' })).status).toBe(200)
    await worker.agent.received('attempt.cancel', ({ attempt_id }) => attempt_id === held.attempt_id)
    worker.agent.send({ type: 'attempt.stopped', attempt_id: held.attempt_id })
    expect(await worker.next()).toMatchObject({ standby: true })
    expect((await taskOf(third!)).held).toBe(1)
  })

  it.each(['attempt.failed', 'attempt.stopped'] as const)(
    'is no try of it when its agent lets go of it (%s), and waits on for whoever is idle',
    async (type) => {
      const worker = await connect({ prefetch: 1 })
      const [, second] = [await ask(), await ask()]
      await worker.next()
      const { attempt_id, token } = await worker.next()
      worker.agent.send(
        type === 'attempt.stopped'
          ? { type, attempt_id }
          : { type, attempt_id, token, fault: 'crashed', message: 'No.' }
      )
      await waitFor(async () => (await taskOf(second!)).held === 0)
      await settle()
      // Nor is it offered the same again and again.
      expect(worker.assigned()).toHaveLength(2)
      expect(await taskOf(second!)).toMatchObject({ state: 'queued', node_faults: 0, losses: 0 })
      await (await connect()).next()
      expect((await job(second!)).attempts).toHaveLength(1)
    }
  )

  it('is let go by an agent that takes no more work, or has gone for good', async () => {
    const worker = await connect({ prefetch: 1 })
    const [first, second] = [await ask(), await ask()]
    const running = await worker.next()
    await worker.next()
    worker.agent.send({ type: 'agent.draining' })
    await waitFor(async () => (await taskOf(second!)).held === 0)
    await worker.finish(running)
    await done(first!)
    expect(await taskOf(second!)).toMatchObject({ state: 'queued', current_attempt_id: null, losses: 0 })
  })

  it('does not begin on a machine that its owner has drained meanwhile', async () => {
    const worker = await connect({ prefetch: 1 })
    const [first, second] = [await ask(), await ask()]
    const running = await worker.next()
    const held = await worker.next()
    await gateway.database.db.updateTable('providers').set({ drained_at: 1 }).execute()
    await worker.finish(running)
    await done(first!)
    await worker.agent.received('attempt.cancel', ({ attempt_id }) => attempt_id === held.attempt_id)
    expect(await taskOf(second!)).toMatchObject({ state: 'queued', held: 0, current_attempt_id: null, losses: 0 })
  })

  it('is let go for what the owner of the machine waits for', async () => {
    const worker = await connect({ prefetch: 1 })
    const running = [await ask(), await ask()]
    await worker.next()
    const strangers = await worker.next()
    const own = await ask(owner)
    await worker.agent.received('attempt.cancel', ({ attempt_id }) => attempt_id === strangers.attempt_id)
    worker.agent.send({ type: 'attempt.stopped', attempt_id: strangers.attempt_id })
    await waitFor(async () => (await taskOf(own)).held === 1)
    expect(await taskOf(running[1]!)).toMatchObject({ state: 'queued', held: 0, current_attempt_id: null })
    // Nobody's goes before the owner's.
    await settle()
    expect(worker.agent.messages.filter(({ type }) => type === 'attempt.cancel')).toHaveLength(1)
  })

  it('is still held by an agent that comes back with it', async () => {
    const worker = await connect({ prefetch: 1 })
    const [, second] = [await ask(), await ask()]
    const [running, held] = [await worker.next(), await worker.next()]
    await worker.close()
    const services = [{ name: 'images', prefetch: 1, models: [{ id: MODEL, features: ['generate' as const] }] }]
    const name = (await gateway.database.db.selectFrom('providers').select('name').executeTakeFirstOrThrow()).name
    const attempts = [
      { id: running.attempt_id, token: running.token },
      { id: held.attempt_id, token: held.token }
    ]
    const back = await connectRawAgent({ url: gateway.url, key: owner.key })
    expect((await back.hello({ name, services, attempts })).gone).toEqual([])
    expect(await taskOf(second!)).toMatchObject({ state: 'queued', held: 1, current_attempt_id: held.attempt_id })
    const body = await plainPng({ width: 32, height: 32 }, [1, 2, 3])
    expect((await back.put(running.attempt_id, { token: running.token, body })).status).toBe(200)
    await waitFor(async () => (await taskOf(second!)).state === 'running')
    expect((await back.put(held.attempt_id, { token: held.token, body })).status).toBe(200)
    await done(second!)
    await back.close()
  })
})

describe('an agent', () => {
  /** An agent whose image server makes each image when it is let, with what happens there and at the gateway, in order. */
  async function arrange() {
    const picture = await plainPng({ width: 64, height: 64 }, [1, 2, 3])
    const image_url = `data:image/png;base64,${picture.toString('base64')}`
    const events: string[] = []
    const made = new Map(['one', 'two', 'three'].map((prompt) => [prompt, Promise.withResolvers<undefined>()]))
    const engine: Engine = {
      name: 'demo',
      describe: async () => ({ models: [], summary: '' }),
      generate: async ({ seed, prompt, inputs }: ImageTask, run: EngineRun) => {
        events.push(`began ${prompt}`)
        for (const { name } of inputs) await run.input(name)
        await made.get(prompt)!.promise
        events.push(`made ${prompt}`)
        return { bytes: Readable.from([picture]), mediaType: 'image/png', seed, warnings: [] }
      }
    }
    const { requests } = gateway.gateway.context
    const { findInput, startStandby, finish } = requests
    const asking = Promise.withResolvers<undefined>()
    const delivery = Promise.withResolvers<undefined>()
    requests.findInput = async (attempt, name) => {
      events.push('fetched')
      return findInput(attempt, name)
    }
    requests.startStandby = async (attempt) => {
      events.push('asked')
      await asking.promise
      return startStandby(attempt)
    }
    requests.finish = async (attempt, image) => {
      events.push('delivering')
      if (events.filter((event) => event === 'delivering').length === 1) await delivery.promise
      return finish(attempt, image)
    }
    const models = [{ id: MODEL, servedAs: MODEL, features: ['generate' as const, 'edit' as const] }]
    await gateway.addAgent({ key: owner.key, services: [{ models }], createEngine: () => engine })
    const edit = async (prompt: string) => {
      const json = { model: MODEL, prompt, images: [{ image_url }], async: true }
      const answer = await gateway.call('/v1/images/edits', { key: caller.key, json })
      expect(answer.status).toBe(202)
      return ((await answer.json()) as { id: string }).id
    }
    const ids = [await edit('one'), await edit('two')]
    await waitFor(() => events.filter((event) => event === 'fetched').length === 2)
    const open = (gate: PromiseWithResolvers<undefined> | undefined) => gate?.resolve(undefined)
    return {
      ids,
      events,
      make: (prompt: string) => open(made.get(prompt)),
      answer: () => open(asking),
      deliver: () => open(delivery)
    }
  }

  it('has the inputs of the next image while it makes one, and begins it after one question, before the first is delivered', async () => {
    const { ids, events, make, answer, deliver } = await arrange()
    expect(events).toEqual(['fetched', 'began one', 'fetched'])
    expect(await taskOf(ids[1]!)).toMatchObject({ state: 'queued', held: 1 })
    answer()
    make('one')
    await waitFor(() => events.includes('began two'))
    expect(events.slice(3).filter((event) => event !== 'delivering')).toEqual(['made one', 'asked', 'began two'])
    await waitFor(() => events.includes('delivering'))
    expect([await taskOf(ids[0]!), await taskOf(ids[1]!)].map(({ state }) => state)).toEqual(['running', 'running'])
    make('two')
    deliver()
    for (const id of ids) expect((await done(id)).attempts).toHaveLength(1)
    expect(events.filter((event) => event === 'fetched')).toHaveLength(2)
  })

  it('begins nothing that an idle machine takes while it asks, which is made once', async () => {
    const { ids, events, make, answer, deliver } = await arrange()
    make('one')
    await waitFor(() => events.includes('asked'))
    const models = [{ id: MODEL, features: ['edit' as const] }]
    const idle = await startHandWorker(gateway, { key: owner.key, services: [{ name: 'idle', models }] })
    workers.push(idle)
    const taken = await idle.next()
    answer()
    deliver()
    await done(ids[0]!)
    // What is asked for next is begun, so that the answer to the first question has been read.
    const third = await ask(caller, { prompt: 'three' })
    await waitFor(() => events.includes('began three'))
    make('three')
    await done(third)
    await idle.finish(taken, { body: await plainPng({ width: 64, height: 64 }, [1, 2, 3]) })
    expect((await done(ids[1]!)).attempts).toHaveLength(1)
    expect(events.filter((event) => event.startsWith('began'))).toEqual(['began one', 'began three'])
  })

  it('has begun what an idle machine comes too late for, which is made once', async () => {
    const { ids, events, make, answer, deliver } = await arrange()
    answer()
    make('one')
    await waitFor(() => events.includes('began two') && events.includes('delivering'))
    const idle = await connect()
    await settle()
    make('two')
    deliver()
    for (const id of ids) expect((await done(id)).attempts).toHaveLength(1)
    expect([idle.assigned(), events.filter((event) => event.startsWith('began'))]).toEqual([
      [],
      ['began one', 'began two']
    ])
  })
})
