import { describe, expect, it } from 'vitest'
import { readSeed } from '../../../tests/support/fake-openai-pictures.ts'
import { useSdapiEngine } from '../../../tests/support/sdapi-engine.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'

const world = useSdapiEngine()
const { start, generate } = world
const isOurs = (id: string | null) => id?.startsWith('inference-club-') === true

/** A generation that an abort ends, once `when` holds. */
const abortWhen = async (when: () => boolean) => {
  const abort = new AbortController()
  const reason = new Error('no longer wanted')
  const work = expect(generate({}, { signal: abort.signal })).rejects.toBe(reason)
  await waitFor(when)
  abort.abort(reason)
  await work
}

describe('progress', () => {
  it('and previews are told of our job', async () => {
    await start({ stepMs: 20 })
    const { run } = await generate({ steps: 12 })
    expect(run.progress.length).toBeGreaterThan(1)
    expect(run.progress.every(({ steps }) => steps === 12)).toBe(true)
    expect(run.previews[0]).toMatchObject({ mediaType: 'image/png' })
  })

  it("is never the owner's", async () => {
    await start()
    world.server.control({ owners: true })
    await waitFor(() => world.server.state().current === 'task(owner)')
    const work = generate()
    await waitFor(() => world.server.state().pending === 1)
    const asked = world.server.state().progressCalls
    await waitFor(() => world.server.state().progressCalls > asked + 3)
    world.server.control({ hold: false })
    const { run } = await work
    expect(run.progress.every(({ step, steps }) => step <= steps)).toBe(true)
    expect(world.server.state().shown.every((id) => isOurs(id))).toBe(true)
  })

  it('of a server that does not tell tasks apart is not taken', async () => {
    await start({ profile: 'nowebui', stepMs: 5 })
    expect((await generate()).run).toMatchObject({ progress: [], previews: [] })
  })

  it('of such a server is taken when nobody else uses it, and never goes back', async () => {
    await start({ profile: 'nowebui', stepMs: 10 }, { dedicated: true })
    const { run } = await generate()
    const steps = run.progress.map(({ step }) => step)
    expect(steps.length).toBeGreaterThan(1)
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    expect(steps.every((step) => step >= 0)).toBe(true)
  })
})

describe('an abort', () => {
  it('interrupts our job', async () => {
    await start()
    world.server.control({ hold: true })
    await abortWhen(() => isOurs(world.server.state().current))
    await waitFor(() => world.server.state().interrupts.length === 1)
    expect(world.server.state().interrupts.every((id) => isOurs(id))).toBe(true)
    expect(await readSeed((await generate()).png)).toBe(7)
  })

  it("never interrupts the owner's, and ours when its turn comes", async () => {
    await start()
    world.server.control({ owners: true })
    await waitFor(() => world.server.state().current === 'task(owner)')
    await abortWhen(() => world.server.state().pending === 1)
    const asked = world.server.state().progressCalls
    await waitFor(() => world.server.state().progressCalls > asked + 3)
    expect(world.server.state().interrupts).toEqual([])
    // Ours will be held once it begins, so that there is something to stop.
    world.server.control({ hold: false })
    world.server.control({ hold: true })
    await waitFor(() => world.server.state().interrupts.length === 1)
    expect(world.server.state().interrupts.every((id) => isOurs(id))).toBe(true)
  })

  it('leaves a server alone that does not tell tasks apart', async () => {
    await start({ profile: 'nowebui' })
    world.server.control({ hold: true })
    await abortWhen(() => world.server.state().current !== null)
    await world.engine.close?.()
    expect(world.server.state().interrupts).toEqual([])
  })

  it('interrupts it when nobody else uses it', async () => {
    await start({ profile: 'nowebui' }, { dedicated: true })
    world.server.control({ hold: true })
    await abortWhen(() => world.server.state().current !== null)
    await waitFor(() => world.server.state().interrupts.length === 1)
  })
})

it('takes no unfinished picture for one: the owner who stops it comes first', async () => {
  await start()
  world.server.control({ hold: true })
  const work = expect(generate()).rejects.toMatchObject({ fault: 'busy', message: expect.stringContaining('stopped') })
  await waitFor(() => world.server.state().current !== null)
  world.server.control({ interrupt: true })
  await work
})
