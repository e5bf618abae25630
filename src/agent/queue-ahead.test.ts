import { describe, expect, it } from 'vitest'
import { arrangeRunner, assigned } from '../../tests/support/arrange-runner.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import type { AgentMessage } from '../protocol/messages.ts'
import type { Assigned } from './attempt-runner.ts'

const standby = (id: string): Assigned => ({ ...assigned(id), standby: true })
const ready = (id: string) => ({ type: 'attempt.ready', attempt_id: id })
const aheadOf = (id: string) => ({ ...ready(id), ahead: true })
const begun = (id: string) => ({ type: 'attempt.begun', attempt_id: id })

/** One that runs and one that is held ready, after an image of which it was seen how long it takes from its last step on. */
async function hold({ leadMs = 60_000, concurrency = 1, prefetch = 1, tailMs = 0 } = {}) {
  const arranged = arrangeRunner({}, { config: { queueAheadMs: leadMs, concurrency, prefetch } })
  const { runner, working, sent, turn } = arranged
  const begin = async (id: string) => {
    runner.start(assigned(id))
    await turn()
    return working.get(id)!
  }
  const seen = await begin('seen')
  seen.run.onProgress(3, 3)
  const since = performance.now()
  await waitFor(() => performance.now() - since >= tailMs)
  seen.letGo()
  await runner.settled()
  const first = await begin('first')
  runner.start(standby('second'))
  await turn()
  sent.splice(0)
  const asked = () => sent.filter(({ type }) => type === 'attempt.ready')
  return { ...arranged, first, begin, asked }
}

type Held = Awaited<ReturnType<typeof hold>>

/** The second lies in the queue of the image server behind the first. */
async function putAhead(options: Parameters<typeof hold>[0] = {}) {
  const held = await hold(options)
  held.first.run.onProgress(3, 3)
  await waitFor(() => held.asked().length === 1)
  held.runner.mayBegin('second')
  await waitFor(() => held.working.has('second'))
  return { ...held, second: held.working.get('second')! }
}

async function end({ runner, working }: Pick<Held, 'runner' | 'working'>, ...ids: string[]) {
  for (const id of ids) working.get(id)!.letGo()
  await runner.settled()
}

const failures = (sent: readonly AgentMessage[]) => sent.filter(({ type }) => type === 'attempt.failed')

describe('what is held ready', () => {
  it('is put behind an image that is nearly made, as soon as the gateway lets it', async () => {
    const held = await hold()
    held.first.run.onProgress(1, 3)
    await held.turn()
    expect(held.asked()).toEqual([])
    held.first.run.onProgress(2, 3)
    await waitFor(() => held.asked().length > 0)
    expect(held.asked()).toEqual([aheadOf('second')])
    await held.turn()
    expect([...held.working.keys()]).toEqual(['first'])
    held.runner.mayBegin('second')
    await waitFor(() => held.working.has('second'))
    expect([...held.working.keys()]).toEqual(['first', 'second'])
    await end(held, 'first', 'second')
    expect(held.asked()).toHaveLength(1)
  })

  it('is put behind an image of which no steps are told by how long one like it took', async () => {
    const { runner, sent, working, turn } = arrangeRunner({}, { config: { queueAheadMs: 60_000 } })
    runner.start(assigned('seen'))
    await turn()
    await end({ runner, working }, 'seen')
    runner.start(assigned('first'))
    runner.start(standby('second'))
    await waitFor(() => sent.some(({ type }) => type === 'attempt.ready'))
    runner.mayBegin('second')
    await waitFor(() => working.has('second'))
    expect([...working.keys()]).toEqual(['first', 'second'])
    await end({ runner, working }, 'first', 'second')
  })

  it('is not asked for before it is known how long an image takes from its last step on', async () => {
    const { runner, sent, working, turn } = arrangeRunner({}, { config: { queueAheadMs: 60_000 } })
    runner.start(assigned('first'))
    runner.start(standby('second'))
    await turn()
    working.get('first')!.run.onProgress(2, 3)
    working.get('first')!.run.onProgress(3, 3)
    const since = performance.now()
    await waitFor(() => performance.now() - since > 50)
    expect(sent.map(({ type }) => type)).toEqual(['attempt.progress', 'attempt.progress'])
    await end({ runner, working }, 'first')
    await runner.stopAll()
  })

  it('is asked for no longer before the end than its owner allows, whatever comes after the last step', async () => {
    const held = await hold({ leadMs: 50, tailMs: 300 })
    held.first.run.onProgress(3, 3)
    const since = performance.now()
    await waitFor(() => held.asked().length > 0)
    expect(performance.now() - since).toBeGreaterThan(200)
    await end(held, 'first')
    await held.runner.stopAll()
  })

  it.each([0, undefined])('waits for the end where nothing may lie in the queue: %s', async (queueAheadMs) => {
    const config = queueAheadMs === undefined ? {} : { queueAheadMs }
    const { runner, sent, working, turn } = arrangeRunner({}, { config })
    for (const id of ['seen', 'first']) {
      runner.start(assigned(id))
      if (id === 'first') runner.start(standby('second'))
      await turn()
      working.get(id)!.run.onProgress(3, 3)
      const since = performance.now()
      await waitFor(() => performance.now() - since > 30)
      expect(sent).not.toContainEqual(ready('second'))
      await end({ runner, working }, id)
    }
    expect(sent).toContainEqual(ready('second'))
    await runner.stopAll()
  })

  it('is one alone in the queue of the image server', async () => {
    const held = await putAhead({ prefetch: 2 })
    held.runner.start(standby('third'))
    held.first.run.onProgress(3, 3)
    await held.turn()
    expect(held.asked()).toEqual([aheadOf('second')])
    held.first.letGo()
    await waitFor(() => !held.working.has('first'))
    held.second.run.onBegun()
    held.second.run.onProgress(3, 3)
    await waitFor(() => held.asked().length === 2)
    held.runner.mayBegin('third')
    await waitFor(() => held.working.has('third'))
    await end(held, 'second', 'third')
  })
})

describe('what lies in the queue of an image server', () => {
  it.each<[string, (held: Awaited<ReturnType<typeof putAhead>>) => void]>([
    ['by the word of its server', ({ second }) => second.run.onBegun()],
    ['where that tells nothing, when the image before it is made', ({ first }) => first.letGo()]
  ])('has begun for the gateway, too, %s, and that is told once', async (_when, begin) => {
    const held = await putAhead()
    await held.turn()
    const told = () => held.sent.filter(({ type }) => type === 'attempt.begun')
    expect(told()).toEqual([])
    begin(held)
    await waitFor(() => told().length > 0)
    await end(held, ...held.working.keys())
    expect(told()).toEqual([begun('second')])
  })

  it('is told to have begun when it was let only after the image before it was made', async () => {
    const held = await hold()
    held.first.run.onProgress(3, 3)
    await waitFor(() => held.asked().length === 1)
    held.first.letGo()
    await waitFor(() => !held.working.has('first'))
    expect(held.sent).not.toContainEqual(begun('second'))
    held.runner.mayBegin('second')
    await waitFor(() => held.working.has('second'))
    expect(held.sent).toContainEqual(begun('second'))
    await end(held, 'second')
  })

  it('is taken back when the image before it takes longer than expected, and is nobody’s failure', async () => {
    const held = await putAhead({ leadMs: 300 })
    await waitFor(() => held.second.run.signal.aborted)
    held.second.letGo()
    await waitFor(() => failures(held.sent).length > 0)
    expect(failures(held.sent)).toEqual([
      {
        type: 'attempt.failed',
        attempt_id: 'second',
        token: 'token of second',
        fault: 'busy',
        message: expect.stringContaining('was taken back'),
        retry_after_ms: 250
      }
    ])
    // It comes again, and is not put there a second time.
    held.runner.start(standby('again'))
    held.first.run.onProgress(3, 3)
    const since = performance.now()
    await waitFor(() => performance.now() - since > 50)
    expect(held.asked()).toHaveLength(1)
    expect([...held.working.keys()]).toEqual(['first'])
    await end(held, 'first')
    expect(held.asked()[1]).toEqual(ready('again'))
    await held.runner.stopAll()
  })

  it('is given back when it was to lie there and the answer is late, too', async () => {
    const held = await hold({ leadMs: 20 })
    held.first.run.onProgress(3, 3)
    await waitFor(() => failures(held.sent).length > 0)
    expect(failures(held.sent)).toMatchObject([{ attempt_id: 'second', fault: 'busy' }])
    held.runner.mayBegin('second')
    await held.turn()
    expect([...held.working.keys()]).toEqual(['first'])
    expect(held.runner.heldAttempts().map(({ id }) => id)).toEqual(['first'])
    await end(held, 'first')
  })

  it('is not taken back once it has begun', async () => {
    const held = await putAhead({ leadMs: 300 })
    held.second.run.onBegun()
    const since = performance.now()
    await waitFor(() => performance.now() - since > 700)
    expect([held.second.run.signal.aborted, failures(held.sent)]).toEqual([false, []])
    await end(held, 'first', 'second')
  })

  it('is not taken back once the image before it is made, whoever else is before it', async () => {
    const held = await putAhead({ leadMs: 300 })
    held.first.letGo()
    await waitFor(() => !held.working.has('first'))
    const since = performance.now()
    await waitFor(() => performance.now() - since > 700)
    expect(held.second.run.signal.aborted).toBe(false)
    await end(held, 'second')
  })

  it('stays there when the image before it is canceled, and leaves that alone when it is', async () => {
    const one = await putAhead()
    one.runner.cancelSoon('first')
    await one.turn()
    expect([one.first.run.signal.aborted, one.second.run.signal.aborted]).toEqual([true, false])
    await end(one, 'first', 'second')
    const other = await putAhead()
    other.runner.cancelSoon('second')
    await other.turn()
    expect([other.first.run.signal.aborted, other.second.run.signal.aborted]).toEqual([false, true])
    await end(other, 'second', 'first')
  })

  it('is as much as is nearly made, where a service makes several at once', async () => {
    const held = await hold({ concurrency: 2, leadMs: 300 })
    // There is a place for the second, and one that is held ready in place of it.
    held.runner.mayBegin('second')
    await waitFor(() => held.working.has('second'))
    held.runner.start(standby('third'))
    held.first.run.onProgress(3, 3)
    await waitFor(() => held.asked().some((one) => 'attempt_id' in one && one.attempt_id === 'third'))
    held.runner.mayBegin('third')
    await waitFor(() => held.working.has('third'))
    expect(held.working.size).toBe(3)
    await waitFor(() => held.working.get('third')!.run.signal.aborted)
    expect(held.working.get('second')!.run.signal.aborted).toBe(false)
    await end(held, 'third', 'second', 'first')
  })
})
