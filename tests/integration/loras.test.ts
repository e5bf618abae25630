import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callJson } from '../support/call-json.ts'
import type { WireError } from '../support/read-error.ts'
import { startFakeSdapi } from '../support/fake-sdapi.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let caller: Awaited<ReturnType<TestGateway['addUser']>>
let jobs: ReturnType<typeof jobCalls>
const workers: HandWorker[] = []
beforeEach(async () => {
  gateway = await startTestGateway()
  caller = await gateway.addUser()
  jobs = jobCalls(gateway, caller)
})
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close()
  await gateway.close()
})

interface Rig {
  name: string
  loras?: string[]
  more?: boolean
  models?: string[]
  key?: string
}

const key = async () => (await gateway.addUser()).key

/** A machine that has these LoRAs, which the gateway knows. */
async function addRig({ name, loras, more, models = ['paint'], key: owner }: Rig): Promise<HandWorker> {
  const offers = models.map((id) => ({ id, features: ['generate' as const] }))
  const services = [{ name: 'images', models: offers, concurrency: 9 }]
  const worker = await startHandWorker(gateway, { key: owner ?? (await key()), name, services })
  workers.push(worker)
  if (loras) await tell(worker, loras, more)
  return worker
}

async function tell(worker: HandWorker, loras: string[], more?: boolean): Promise<void> {
  const { provider_id } = await worker.agent.received('gateway.welcome')
  const list = { models: ['paint'], loras, ...(more !== undefined && { more }) }
  const told = {
    models: [],
    loras: [],
    more_models: 0,
    more_loras: 0,
    usable_loras: loras.length > 0 || more ? [list] : []
  }
  worker.agent.send({ type: 'service.inventory', service: 'images', ...told })
  await waitFor(async () => {
    const row = await gateway.database.db
      .selectFrom('service_finds')
      .innerJoin('services', 'services.id', 'service_finds.service_id')
      .select(['service_finds.loras', 'service_finds.found'])
      .where('services.provider_id', '=', provider_id)
      .executeTakeFirst()
    return row !== undefined && row.found !== '' && row.loras === JSON.stringify(told.usable_loras)
  })
}

const ask = (loras: unknown, more: Record<string, unknown> = {}) =>
  callJson<{ error?: Pick<WireError, 'code' | 'message' | 'param'> }>(gateway, '/v1/images/generations', {
    key: caller.key,
    json: { model: 'paint', prompt: 'a fox', size: '32x32', loras, ...more }
  })
const submit = (loras: unknown) => jobs.submit({ model: 'paint', loras })
const waiting = async (id: string) =>
  (await callJson<{ waiting?: { reason: string } }>(gateway, `/v1/jobs/${id}`, { key: caller.key })).body.waiting
    ?.reason

describe('an image that names LoRAs', () => {
  it('goes to a machine that has them all, however many others have its model', async () => {
    await Promise.all([
      addRig({ name: 'none', loras: [] }),
      addRig({ name: 'some', loras: ['film'] }),
      addRig({ name: 'silent' })
    ])
    const all = await addRig({ name: 'all', loras: ['film', 'ink & wash: v2'] })
    for (let count = 0; count < 3; count += 1) {
      await submit([{ name: 'film' }, { name: 'ink & wash: v2', weight: 0.5 }])
      const attempt = await all.next()
      expect(attempt.task.loras).toEqual([
        { name: 'film', weight: 1 },
        { name: 'ink & wash: v2', weight: 0.5 }
      ])
      await all.finish(attempt)
    }
    expect(workers.flatMap((worker) => worker.assigned())).toHaveLength(3)
  })

  it('hides none that names none', async () => {
    const plain = await addRig({ name: 'plain' })
    const rig = await addRig({ name: 'rig', loras: ['film'] })
    await rig.close()
    for (let count = 0; count < 40; count += 1) await submit('film')
    await submit(undefined)
    expect((await plain.next()).task.loras).toBeUndefined()
  })

  it.each(['FILM', 'Film', 'film'])('means the same LoRA in other capitals: %s', async (name) => {
    const rig = await addRig({ name: 'rig', loras: ['Film'] })
    await submit(name)
    await rig.next()
  })

  it('names them as its image server does, which may know no other capitals', async () => {
    const server = await startFakeSdapi({ loras: ['Film', 'ink'] })
    const models = [{ id: 'paint', servedAs: 'dream', features: ['generate' as const], options: {} }]
    const services = [{ engine: 'automatic1111', url: server.url, models, options: { loras: 'any' } }]
    await gateway.addAgent({ key: await key(), services, probing: {} })
    const { db } = gateway.database
    await waitFor(() => db.selectFrom('service_finds').select('loras').executeTakeFirst())
    expect((await ask([{ name: 'fILM', weight: 0.5 }])).status).toBe(200)
    expect(server.state().loaded).toEqual(['lora:Film:0.5'])
    await server.close()
  })

  it('goes to the machine with the name that it says where two have it under two names', async () => {
    const one = await addRig({ name: 'one', loras: ['film'] })
    const other = await addRig({ name: 'other', loras: ['styles/film.safetensors'] })
    await submit('styles/film.safetensors')
    await other.next()
    await submit('film')
    await one.next()
  })

  it('goes to one that may have it when none lists it, and to none of these while one does', async () => {
    const huge = await addRig({ name: 'huge', loras: ['film'], more: true })
    await submit('beyond its list')
    await huge.next()
    const small = await addRig({ name: 'small', loras: ['beyond its list'] })
    for (let count = 0; count < 3; count += 1) {
      await submit('beyond its list')
      await small.next()
    }
    expect(huge.assigned()).toHaveLength(1)
  })
})

describe('LoRAs that no machine has', () => {
  it.each([true, false])('are refused, with those that there are: async %s', async (async) => {
    await addRig({ name: 'rig', loras: ['ink', 'film'] })
    await addRig({ name: 'other', loras: ['wash'] })
    const { status, body } = await ask(['flim', 'ink'], { async })
    expect(status).toBe(404)
    expect(body.error).toMatchObject({ code: 'no_provider', param: 'loras' })
    expect(body.error?.message).toBe(
      "No machine that serves 'paint' for you has the LoRA 'flim'. Available: 'film', 'ink', 'wash'."
    )
  })

  it('are told apart from those that no machine has together', async () => {
    await addRig({ name: 'rig', loras: ['ink'] })
    await addRig({ name: 'other', loras: ['film'] })
    expect((await ask(['film', 'ink'])).body.error?.message).toBe(
      "No machine that serves 'paint' for you has the LoRAs 'film', 'ink' together. Available: 'film', 'ink'."
    )
  })

  it('are offered others by what can be used now; what waits for its image server is told apart', async () => {
    await addRig({ name: 'rig', loras: ['ink'] })
    const other = await addRig({ name: 'other', loras: ['film', 'ink'] })
    const state = { type: 'service.state', service: 'images', fault: 'unreachable' } as const
    const refusal = async () => (await ask('flim')).body.error?.message
    other.agent.send({ ...state, state: 'warning', text: 'Down.' })
    const none = "No machine that serves 'paint' for you has the LoRA 'flim'."
    const waits = `${none} Available: 'ink'. Waiting for its image server: 'film'.`
    await waitFor(async () => (await refusal()) === waits)
    workers[0]?.agent.send({ ...state, state: 'warning', text: 'Down, too.' })
    const all = `${none} None can be used now: 'film', 'ink' wait for their image servers.`
    await waitFor(async () => (await refusal()) === all)
  })

  it('are refused where there are none, and twenty at most are named', async () => {
    const rig = await addRig({ name: 'rig' })
    expect((await ask('film')).body.error?.message).toBe(
      "No machine that serves 'paint' for you has the LoRA 'film'. Leave out 'loras'."
    )
    await tell(
      rig,
      Array.from({ length: 21 }, (_, index) => `l${index + 10}`)
    )
    const { message } = (await ask('film')).body.error!
    expect(message).toContain("'l29' and 1 more.")
    expect(message).not.toContain("'l30'")
  })

  it('do not hide that the model itself is not there', async () => {
    await addRig({ name: 'rig', models: ['other'] })
    expect((await ask('film')).body.error).toMatchObject({ code: 'no_provider', param: 'model' })
  })

  it('are waited for by what can wait, while the machine that had them is away', async () => {
    await addRig({ name: 'plain' })
    const owner = await key()
    await (await addRig({ name: 'rig', loras: ['film'], key: owner })).close()
    await waitFor(async () => (await ask('film')).status === 404)
    expect((await ask('film')).body.error?.message).toBe(
      "No machine that serves 'paint' for you has the LoRA 'film'. A machine that does is away: with \"async\": true the image waits for it."
    )
    const id = await submit('film')
    expect(await waiting(id)).toBe('away')
    const back = await addRig({ name: 'rig', key: owner })
    expect((await back.next()).task.loras).toEqual([{ name: 'film', weight: 1 }])
  })

  it('are waited for when they are removed meanwhile, and made when they come back', async () => {
    const rig = await addRig({ name: 'rig', loras: ['film'] })
    await submit('film')
    const first = await rig.next()
    const busy = await addRig({ name: 'busy', loras: [] })
    await tell(rig, [])
    await gateway.database.db.updateTable('services').set({ cooling_until: 0 }).execute()
    const { id } = await gateway.database.db.selectFrom('requests').select('id').executeTakeFirstOrThrow()
    rig.agent.send({
      type: 'attempt.failed',
      attempt_id: first.attempt_id,
      token: first.token,
      fault: 'busy',
      message: 'later'
    })
    await waitFor(async () => (await waiting(id)) === 'away')
    expect(busy.assigned()).toEqual([])
    await gateway.database.db.deleteFrom('service_pauses').execute()
    await tell(rig, ['film'])
    expect((await rig.next()).task.loras).toEqual([{ name: 'film', weight: 1 }])
  })

  it('are not those of a service that drives something else since it came back', async () => {
    const owner = await key()
    await (await addRig({ name: 'rig', loras: ['film'], key: owner })).close()
    const offers = [{ id: 'paint', features: ['generate' as const] }]
    const services = [{ name: 'images', engine: 'openai', models: offers }]
    const worker = await startHandWorker(gateway, { key: owner, name: 'rig', services })
    workers.push(worker)
    expect((await ask('film')).status).toBe(404)
  })
})
