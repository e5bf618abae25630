import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createHeldDisk, watch } from '../support/held-disk.ts'
import { generate, getJob, type JobAnswer, SMALL } from '../support/image-calls.ts'
import { readJobEvents } from '../support/job-events.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const disk = createHeldDisk()
const { expectHeldBack } = disk

let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway({ syncFile: disk.sync })
})

afterEach(() => disk.release())
afterAll(() => gateway.close())

/** Someone of their own with an agent of their own. */
async function arrange(): Promise<void> {
  user = await gateway.addUser()
  await gateway.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
  // Everything so far is on disk, so that only what the test does is waited for.
  await gateway.database.durable()
}

const stateIs = (state: string) => () =>
  gateway.database.db
    .selectFrom('requests')
    .selectAll()
    .where('user_id', '=', user.id)
    .where('state', '=', state as 'succeeded')
    .executeTakeFirst()

describe('while the disk has not kept it', () => {
  it('the images of a generation are not handed out', async () => {
    await arrange()
    disk.hold()
    const call = watch(generate(user.client))
    await waitFor(stateIs('succeeded'))
    await expectHeldBack(call)
    disk.release()
    expect((await call.answer).data).toHaveLength(1)
  })

  it('a job is not promised', async () => {
    await arrange()
    disk.hold()
    const json = { ...SMALL, async: true }
    const call = watch(gateway.call('/v1/images/generations', { key: user.key, json }))
    await waitFor(stateIs('succeeded'))
    await expectHeldBack(call)
    disk.release()
    const response = await call.answer
    expect(response.status).toBe(202)
    const { id } = (await response.json()) as JobAnswer
    expect(await getJob(user.client, id)).toMatchObject({ id, status: 'PROCESSED' })
  })

  it('nobody reads it as done, in a job or in its events', async () => {
    await arrange()
    disk.hold()
    const call = watch(generate(user.client))
    const { id } = await waitFor(stateIs('succeeded'))
    const read = watch(getJob(user.client, id))
    const events = watch(Array.fromAsync(readJobEvents(gateway, { id, key: user.key })))
    for (const held of [call, read, events]) await expectHeldBack(held)
    disk.release()
    expect(await read.answer).toMatchObject({ status: 'PROCESSED' })
    expect((await events.answer).at(-1)?.event).toBe('result')
    await call.answer
  })

  it('nobody who follows its events learns that it is done', async () => {
    await arrange()
    const { id } = (await generate(user.client, { async: true, steps: 100 })) as unknown as JobAnswer
    await waitFor(stateIs('running'))
    await gateway.database.durable()
    const events = readJobEvents(gateway, { id, key: user.key })
    expect((await events.next()).value).toMatchObject({ event: 'status', data: { status: 'PROCESSING' } })
    disk.hold()
    await gateway.gateway.context.requests.cancel(id)
    const end = watch(
      (async () => {
        for await (const { data } of events) if (data.status === 'CANCELED') return
        expect.fail('it never came')
      })()
    )
    await expectHeldBack(end)
    disk.release()
    await end.answer
  })

  it('the failure of a request is not told either', async () => {
    await arrange()
    disk.hold()
    const call = watch(generate(user.client, { steps: 100 }))
    const { id } = await waitFor(stateIs('running'))
    await gateway.gateway.context.requests.cancel(id)
    await expectHeldBack(call)
    disk.release()
    await expect(call.answer).rejects.toMatchObject({ code: 'canceled' })
  })
})

describe('what is on disk already', () => {
  it('is handed out whatever the disk does next', async () => {
    await arrange()
    const { request_id: id } = await generate(user.client)
    await gateway.database.durable()
    disk.hold()
    expect(await getJob(user.client, id)).toMatchObject({ status: 'PROCESSED' })
    const models = await user.client.models.list()
    expect(models.data.map((model) => model.id)).toContain('demo')
  })
})

describe('one sync', () => {
  it('serves every reply that waits for it', async () => {
    await arrange()
    disk.hold()
    const json = { ...SMALL, async: true, model: 'demo' }
    const calls = Array.from({ length: 10 }, () =>
      watch(gateway.call('/v1/images/generations', { key: user.key, json }))
    )
    await waitFor(async () => {
      const rows = await gateway.database.db
        .selectFrom('requests')
        .select('id')
        .where('user_id', '=', user.id)
        .execute()
      return rows.length === calls.length
    })
    await waitFor(() => disk.waiting > 0)
    expect(disk.waiting).toBe(1)
    for (const call of calls) expect(call.answered).toBe(false)
    disk.release()
    for (const { answer } of calls) expect((await answer).status).toBe(202)
    await gateway.drain()
  })
})
