import { describe, expect, it } from 'vitest'
import { QUICK, task, useComfyEngine } from '../../../tests/support/comfyui-engine.ts'
import { createTestRun } from '../../../tests/support/engine-run.ts'
import { waitFor } from '../../../tests/support/wait-for.ts'
import { createComfyEngine } from './comfyui-engine.ts'

const world = useComfyEngine()
const { start } = world

const isSent = (count: number) => () =>
  world.server.calls.filter(({ method, path }) => method === 'POST' && path === '/prompt').length === count

/** One that the server works on, and one that waits in its queue behind it. */
async function queueTwo() {
  world.server.set({ stalled: true })
  const working = world.server.working()
  const runs = [createTestRun(), createTestRun()] as const
  const first = world.engine.generate(task({ seed: 1 }), runs[0])
  await working
  const second = world.engine.generate(task({ seed: 2 }), runs[1])
  await waitFor(isSent(2))
  return { runs, first, second }
}

describe('an image that waits in the queue of the server', () => {
  it.each(['old', 'mid', 'new'] as const)('begins when the one before is made, and says so (%s)', async (age) => {
    await start({ age, previews: true })
    const { runs, first, second } = await queueTwo()
    await waitFor(() => runs[0].begun > 0)
    expect([runs[1].begun, runs[1].progress, runs[1].previews]).toEqual([0, [], []])
    // Of its time nothing passes as long as that is so.
    const waited = runs[1].waited
    await waitFor(() => runs[1].waited > waited + 1)
    world.server.set({ stalled: false })
    expect(await first).toMatchObject({ seed: 1 })
    expect(await second).toMatchObject({ seed: 2 })
    expect([runs[0].begun, runs[1].begun]).toEqual([1, 1])
    expect([runs[0].progress.length, runs[1].progress.length]).toEqual([3, 3])
  })

  it('is told of where there is no socket, too', async () => {
    await start({ noSocket: true })
    const { runs, first, second } = await queueTwo()
    await waitFor(() => runs[0].begun > 0)
    await waitFor(() => runs[1].waited > 1)
    expect(runs[1].begun).toBe(0)
    world.server.set({ stalled: false })
    await Promise.all([first, second])
  })

  it('has neither begun nor pictures because of what goes to all clients', async () => {
    await start()
    const owners = world.server.queueOwnersJob()
    const run = createTestRun()
    const making = world.engine.generate(task(), run)
    await waitFor(isSent(1))
    world.server.broadcast({ type: 'crystools.monitor', data: { cpu_utilization: 3 } })
    world.server.broadcast({ type: 'executing', data: { node: null } })
    const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])
    world.server.broadcast(Buffer.concat([head, Buffer.from('a picture of the owner')]))
    world.server.broadcast({ type: 'progress', data: { value: 1, max: 2, node: 'sampler', prompt_id: owners } })
    world.server.letGo(owners)
    await making
    expect(isSent(1)()).toBe(true)
    expect(run.begun).toBe(1)
    expect(run.previews).toEqual([])
    expect(run.progress.map(({ steps }) => steps)).toEqual([3, 3, 3])
  })

  it('waits for another one of the club for as long as that takes, and for its owner no longer than always', async () => {
    await start({}, { times: { ...QUICK, patienceMs: 100 } })
    const { first, second } = await queueTwo()
    const owners = world.server.queueOwnersJob()
    const looked = world.server.calls.length
    // Every look takes two calls, and is 30 ms after the one before.
    await waitFor(() => world.server.calls.length > looked + 12)
    world.server.set({ stalled: false })
    await first
    expect(await second).toMatchObject({ seed: 2 })
    world.server.letGo(owners)
  })

  it('has its time from when what is before it was given up, which the server does not stop', async () => {
    await start()
    world.server.set({ stalled: true, deaf: true })
    const working = world.server.working()
    const abort = new AbortController()
    const first = expect(world.generate({ seed: 1 }, { signal: abort.signal })).rejects.toThrow('took too long')
    await working
    const run = createTestRun()
    const second = world.engine.generate(task({ seed: 2 }), run)
    await waitFor(() => run.waited > 1)
    abort.abort(new Error('took too long'))
    await first
    const [looked, waited] = [world.server.calls.length, run.waited]
    await waitFor(() => world.server.calls.length > looked + 8)
    // A look may have been under way.
    expect(run.waited).toBeLessThanOrEqual(waited + 1)
    world.server.set({ stalled: false, deaf: false })
    expect(await second).toMatchObject({ seed: 2 })
  })

  it("may have the owner's work before it, which is neither stopped nor taken for its own", async () => {
    await start({}, { givesWay: true })
    const { runs, first, second } = await queueTwo()
    const owners = world.server.queueOwnersJob()
    world.server.set({ stalled: false })
    await first
    await waitFor(() => world.server.runningIds()[0] === owners)
    expect(runs[1].begun).toBe(0)
    world.server.letGo(owners)
    expect(await second).toMatchObject({ seed: 2 })
  })

  it.each(['old', 'mid', 'new'] as const)('is taken out of it, and the one before goes on (%s)', async (age) => {
    await start({ age })
    world.server.set({ stalled: true })
    const working = world.server.working()
    const first = world.generate({ seed: 1 })
    await working
    const abort = new AbortController()
    const second = expect(world.generate({ seed: 2 }, { signal: abort.signal })).rejects.toThrow('taken back')
    await waitFor(isSent(2))
    const [running] = world.server.runningIds()
    abort.abort(new Error('taken back'))
    await second
    expect(world.server.runningIds()).toEqual([running])
    world.server.set({ stalled: false })
    expect(await first).toMatchObject({ seed: 1 })
    await waitFor(() => world.server.runningIds().length === 0)
  })

  it.each([
    ['is started anew', () => world.server.restart(), 'The image server was started anew before it began.'],
    ['goes away', () => world.server.close(), 'The image server went away before it began.']
  ])(
    'is no try of it when the server %s: only the one that it worked on has failed',
    async (_what, happen, message) => {
      await start()
      const { first, second } = await queueTwo()
      const ends = [
        expect(first).rejects.toMatchObject({ fault: 'crashed' }),
        expect(second).rejects.toMatchObject({ fault: 'unreachable', message })
      ]
      await happen()
      await Promise.all(ends)
    }
  )
})

describe('what an agent that was killed has left in the queue', () => {
  const create = (sender: string) =>
    createComfyEngine({ baseUrl: world.server.url, maxImageBytes: 1_000_000, models: [], times: QUICK, sender })

  it.each(['old', 'mid', 'new'] as const)('is taken out, and nothing else (%s)', async (age) => {
    await start({ age })
    world.server.set({ stalled: true })
    const [killed, other, born] = [create('one'), create('other'), create('one')]
    const working = world.server.working()
    const ends: Promise<unknown>[] = []
    const send = async (engine: typeof killed, seed: number) => {
      const before = world.server.pendingIds().length + world.server.runningIds().length
      ends.push(engine.generate(task({ seed }), createTestRun()).catch((error: unknown) => error))
      await waitFor(() => world.server.pendingIds().length + world.server.runningIds().length > before)
    }
    await send(killed, 1)
    await working
    await send(killed, 2)
    await send(other, 3)
    world.server.queueOwnersJob()
    await send(born, 4)
    const [running, [left, ...rest]] = [world.server.runningIds(), world.server.pendingIds()]
    await born.clearLeftovers!(new AbortController().signal)
    expect([world.server.runningIds(), world.server.pendingIds()]).toEqual([running, rest])
    expect(rest).not.toContain(left)
    expect(await ends[1]).toMatchObject({ fault: 'busy' })
    world.server.letGo(rest[1]!)
    world.server.set({ stalled: false })
    expect(await Promise.all([ends[0], ends[2], ends[3]])).toMatchObject([{ seed: 1 }, { seed: 3 }, { seed: 4 }])
    await Promise.all([killed, other, born].map((engine) => engine.close?.()))
  })
})
