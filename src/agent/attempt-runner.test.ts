import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Engine, EngineRun } from '../engines/engine.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { silentLogger } from '../lib/logger.ts'
import type { AgentMessage } from '../protocol/messages.ts'
import { type Assigned, AttemptRunner } from './attempt-runner.ts'
import { GatewayTransfers } from './gateway-transfers.ts'

const assigned = (id: string): Assigned => ({
  type: 'attempt.assigned',
  attempt_id: id,
  token: `token of ${id}`,
  service: 'images',
  model: 'model',
  task: { kind: 'generation', prompt: id, seed: 1, extra: {}, inputs: [] }
})

/** A runner of a service with one slot, whose engine works until it is let go, even when it is told to stop. */
function arrange() {
  const working = new Map<string, { run: EngineRun; letGo: () => void }>()
  let most = 0
  const engine: Engine = {
    name: 'test',
    describe: async () => ({ reachable: true, models: [] }) as never,
    generate: async (task, run) => {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      working.set(task.prompt, { run, letGo: () => resolve(undefined) })
      most = Math.max(most, working.size)
      await promise
      working.delete(task.prompt)
      if (run.signal.aborted) throw run.signal.reason as Error
      return { bytes: Readable.from([]), mediaType: 'image/png', seed: null, warnings: [] }
    }
  }
  const sent: AgentMessage[] = []
  const runner = new AttemptRunner({
    gateway: 'http://127.0.0.1:9',
    transfers: new GatewayTransfers(),
    serviceOf: () => ({
      engine,
      config: {
        name: 'images',
        type: 'image',
        concurrency: 1,
        timeoutMs: 60_000,
        access: 'members',
        models: [{ id: 'model', servedAs: 'model', features: ['generate'] }],
        options: {}
      }
    }),
    send: (message) => {
      sent.push(message)
      return true
    },
    limits: { maxImageBytes: 1000, maxInputBytes: 1000, maxPixels: 1000 },
    logger: silentLogger()
  })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  return { runner, sent, working, mostAtOnce: () => most, turn }
}

describe('an attempt', () => {
  it('that comes while a stopped one still holds the engine waits for it, and is no fault', async () => {
    const { runner, sent, working, mostAtOnce, turn } = arrange()
    runner.start(assigned('first'))
    await turn()
    runner.reconcile(['first'])
    runner.start(assigned('second'))
    await turn()
    expect([...working.keys()]).toEqual(['first'])
    working.get('first')!.letGo()
    await waitFor(() => working.has('second'))
    expect(mostAtOnce()).toBe(1)
    expect(sent).toEqual([{ type: 'attempt.stopped', attempt_id: 'first' }])
    working.get('second')!.letGo()
    await runner.settled()
  })

  it('that is one too many is refused', async () => {
    const { runner, sent, working, turn } = arrange()
    runner.start(assigned('first'))
    await turn()
    runner.start(assigned('second'))
    expect(sent).toMatchObject([{ type: 'attempt.failed', attempt_id: 'second', fault: 'busy' }])
    working.get('first')!.letGo()
    await runner.settled()
  })

  it.each<[string, Partial<Assigned>]>([
    ['model', { model: 'another-model-of-the-image-server' }],
    ['kind of call', { task: { ...assigned('').task, kind: 'edit' } }],
    ['kind of call', { task: { ...assigned('').task, kind: 'variation' } }]
  ])('for a %s that the file of the agent does not offer gets nothing out of the image server', async (what, other) => {
    const { runner, sent, working } = arrange()
    runner.start({ ...assigned('other'), ...other })
    await runner.settled()
    expect(working.size).toBe(0)
    expect(sent).toMatchObject([{ type: 'attempt.failed', fault: 'model_missing' }])
    expect(sent).toMatchObject([{ message: expect.stringContaining(what) as string }])
  })
})
