import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { arrangeRunner as arrange, assigned } from '../../tests/support/arrange-runner.ts'
import { serveCalls } from '../../tests/support/serve-calls.ts'
import { waitFor } from '../../tests/support/wait-for.ts'
import { EngineError } from '../engines/engine.ts'
import { silentLogger } from '../lib/logger.ts'
import type { Assigned } from './attempt-runner.ts'

const serve = serveCalls()

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

  it('waits until there is room for its source images beside those of others, and is not held ready without', async () => {
    const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const asked: string[] = []
    const gateway = await serve((request, response) => {
      asked.push(/attempts.(.*?).inputs/.exec(request.url ?? '')?.[1] ?? '')
      response.end(picture)
    })
    const { runner, working } = arrange(
      { gateway, limits: { maxImageBytes: 1000, maxInputBytes: 1000, maxPixels: 1000, inputRoomBytes: 100 } },
      { config: { concurrency: 3, models: [{ id: 'model', servedAs: 'model', features: ['edit'] }] } }
    )
    const edit = (id: string, bytes: number, more: Partial<Assigned> = {}): Assigned => {
      const input = { name: 'image0', media_type: 'image/png', width: 8, height: 8, bytes }
      return { ...assigned(id), task: { ...assigned(id).task, kind: 'edit', inputs: [input] }, ...more }
    }
    runner.start(edit('first', 60))
    runner.start(edit('second', 60))
    runner.start(edit('third', 60))
    await waitFor(() => working.has('first'))
    runner.start(edit('ready', 41, { standby: true }))
    runner.cancelSoon('second')
    await waitFor(() => runner.heldAttempts().length === 3)
    expect(asked).toEqual(['first'])
    working.get('first')!.letGo()
    await waitFor(() => working.has('third'))
    expect(asked).toEqual(['first', 'third'])
    working.get('third')!.letGo()
    runner.mayBegin('ready')
    await waitFor(() => working.has('ready'))
    working.get('ready')!.letGo()
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

  it.each([
    [true, /\(connection reset\)\. Does it still run\?$/],
    [false, /Is its address https:/]
  ])(
    'that breaks off raises doubts of the address only where none was right before: %s',
    async (hasAnswered, words) => {
      const said: string[] = []
      const logger = { ...silentLogger(), warn: (_about: unknown, text?: string) => void said.push(text ?? '') }
      const cause = Object.assign(new Error('gone'), { code: 'ECONNRESET' })
      const failure = new EngineError('crashed', 'The image server closed the connection without an answer.', { cause })
      const { runner } = arrange({ hasAnswered: () => hasAnswered, logger }, { failure })
      runner.start(assigned('first'))
      await runner.settled()
      expect(said).toEqual([expect.stringMatching(words)])
    }
  )

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

it('an image that takes too long keeps its place until it is known and told whether its image server hangs', async () => {
  const overdue: string[] = []
  const look = Promise.withResolvers<boolean>()
  const onSilent = (service: string) => (overdue.push(service), look.promise)
  const { runner, sent, working, turn } = arrange({ onSilent }, { config: { timeoutMs: 20 } })
  runner.start(assigned('first'))
  runner.start({ ...assigned('second'), standby: true })
  await turn()
  const { run, letGo } = working.get('first')!
  await waitFor(() => run.signal.aborted)
  // Another service of the agent has become free.
  runner.beginStandbys()
  letGo()
  await waitFor(() => overdue.length > 0)
  runner.beginStandbys()
  runner.mayBegin('second')
  runner.start(assigned('third'))
  await turn()
  expect([overdue, working.size]).toEqual([['images'], 0])
  expect(sent).toMatchObject([{ type: 'attempt.failed', attempt_id: 'third', fault: 'busy' }])
  look.resolve(true)
  await waitFor(() => working.has('second'))
  expect(sent.slice(1)).toMatchObject([
    {
      attempt_id: 'first',
      fault: 'timeout',
      message: expect.stringMatching(/20ms\. Its image server answers nothing any more\.$/)
    }
  ])
  working.get('second')!.letGo()
  await runner.settled()
})

it('an image has as long as it may take from when it waits in the queue of its image server no more', async () => {
  const { runner, sent, working, turn } = arrange({}, { config: { timeoutMs: 300 } })
  runner.start(assigned('only'))
  await turn()
  const { run, letGo } = working.get('only')!
  const since = performance.now()
  await waitFor(() => {
    run.onWaiting()
    return performance.now() - since > 900
  })
  expect(run.signal.aborted).toBe(false)
  await waitFor(() => run.signal.aborted)
  letGo()
  await waitFor(() => sent.length > 0)
  expect(sent).toMatchObject([{ type: 'attempt.failed', fault: 'timeout' }])
})

/** Its first image has taken too long, and its image server is being looked at until the test has `look` say what was found. */
async function lookAfterTimeout() {
  const look = Promise.withResolvers<boolean>()
  let looks = 0
  const onSilent = () => (looks++, look.promise)
  const { runner, sent, working, turn } = arrange({ onSilent }, { config: { timeoutMs: 20 } })
  runner.start(assigned('first'))
  await turn()
  const { run, letGo } = working.get('first')!
  await waitFor(() => run.signal.aborted)
  letGo()
  await waitFor(() => looks === 1)
  return { look, runner, sent, turn }
}

it('an image that nobody wants any more while its image server is looked at is let go of when that is over', async () => {
  const { look, runner, sent, turn } = await lookAfterTimeout()
  runner.cancelSoon('first')
  runner.reconcile(['first'])
  await turn()
  expect(sent).toEqual([])
  look.resolve(false)
  await waitFor(() => sent.length === 3)
  expect(sent.map(({ type }) => type)).toEqual(['attempt.failed', 'attempt.stopped', 'attempt.stopped'])
  expect(runner.heldAttempts()).toEqual([])
})

it('of an image whose image server is looked at when the agent stops nothing is told', async () => {
  const { look, runner, sent } = await lookAfterTimeout()
  const stopped = runner.stopAll()
  // The look ends with the agent, and has found nothing.
  look.resolve(false)
  await stopped
  expect(sent).toEqual([])
  expect(runner.heldAttempts()).toEqual([])
})

it.each([
  ['unreachable', new EngineError('unreachable', 'It cannot be reached.'), true],
  ['crashed', new EngineError('crashed', 'It went away.', { isSilence: true }), true],
  ['crashed', new EngineError('crashed', 'It failed.'), false],
  ['busy', new EngineError('busy', 'It is busy.'), false]
] as const)(
  'of %s as of %s it is asked first whether the image server is there: %s',
  async (fault, failure, isAsked) => {
    let asked = 0
    const { runner, sent } = arrange({ onSilent: async () => (asked++, false) }, { failure })
    runner.start(assigned('first'))
    await runner.settled()
    expect(asked).toBe(isAsked ? 1 : 0)
    expect(sent).toMatchObject([{ type: 'attempt.failed', fault, message: failure.message }])
  }
)

describe('what is held ready', () => {
  const standby = (id: string): Assigned => ({ ...assigned(id), standby: true })
  const ready = (id: string) => ({ type: 'attempt.ready', attempt_id: id })

  /** One that runs, and one that is held ready. */
  async function hold() {
    const arranged = arrange()
    arranged.runner.start(assigned('first'))
    arranged.runner.start(standby('second'))
    await arranged.turn()
    expect([[...arranged.working.keys()], arranged.sent]).toEqual([['first'], []])
    const end = async (id: string) => {
      arranged.working.get(id)!.letGo()
      await arranged.runner.settled()
    }
    return { ...arranged, end }
  }

  it('is asked for when the engine has made the one before, and begins with the answer', async () => {
    const { runner, sent, working, mostAtOnce, end } = await hold()
    expect(runner.heldAttempts().map(({ id }) => id)).toEqual(['first', 'second'])
    await end('first')
    expect([sent[0], working.size]).toEqual([ready('second'), 0])
    runner.mayBegin('second')
    // The same again, for it was asked for twice.
    runner.mayBegin('second')
    await Promise.resolve()
    await Promise.resolve()
    expect([...working.keys(), mostAtOnce()]).toEqual(['second', 1])
    await end('second')
    expect(sent.filter(({ type }) => type === 'attempt.ready')).toHaveLength(1)
  })

  it('is asked for before the bytes of the one before are read, and begins in the turn in which they are', async () => {
    const { runner, sent, working, bytes, turn, mostAtOnce } = await hold()
    bytes.isHeldBack = true
    working.get('first')!.letGo()
    await waitFor(() => sent.length === 1)
    expect(sent).toEqual([ready('second')])
    runner.mayBegin('second')
    await turn()
    expect(working.size).toBe(0)
    bytes.isHeldBack = false
    bytes.arrive()
    await waitFor(() => working.has('second'))
    expect([sent.filter(({ type }) => type === 'attempt.ready').length, mostAtOnce()]).toEqual([1, 1])
    working.get('second')!.letGo()
    await runner.settled()
  })

  it('begins when it may though nobody asked, as soon as there is a place for it', async () => {
    const { runner, sent, working, turn, end } = await hold()
    runner.mayBegin('second')
    await turn()
    expect([...working.keys()]).toEqual(['first'])
    await end('first')
    expect([...working.keys()]).toEqual(['second'])
    expect(sent).not.toContainEqual(ready('second'))
    await end('second')
  })

  it('is asked for at once when there is a place for it by now', async () => {
    const { runner, sent, working, turn } = arrange()
    runner.start(standby('only'))
    expect(sent).toEqual([ready('only')])
    await turn()
    expect(working.size).toBe(0)
    runner.mayBegin('only')
    await waitFor(() => working.has('only'))
    working.get('only')!.letGo()
    await runner.settled()
  })

  it('is no more than the file of the agent says, besides what is about to begin', async () => {
    const { runner, sent, working, end } = await hold()
    runner.start(standby('third'))
    expect(sent).toMatchObject([{ type: 'attempt.failed', attempt_id: 'third', fault: 'busy' }])
    await end('first')
    // The gateway has let it begin, and given another; its word is on its way.
    runner.start(standby('fourth'))
    await runner.cancel('second')
    expect(sent.slice(2)).toEqual([
      {
        type: 'attempt.failed',
        attempt_id: 'first',
        token: 'token of first',
        fault: 'bad_output',
        message: expect.any(String)
      },
      ready('fourth'),
      { type: 'attempt.stopped', attempt_id: 'second' }
    ])
    runner.mayBegin('second')
    runner.mayBegin('fourth')
    await waitFor(() => working.has('fourth'))
    expect(working.size).toBe(1)
    await end('fourth')
  })

  it('does not begin while nobody can be asked, nor on a lost answer, for others may make the same', async () => {
    const { runner, sent, link, working, turn, end } = await hold()
    link.isUp = false
    await end('first')
    await turn()
    expect([working.size, sent]).toEqual([0, []])
    for (const _ of ['an answer that is lost', 'another']) {
      link.isUp = true
      runner.reconcile([])
      await turn()
      expect([working.size, sent.splice(0).filter(({ type }) => type === 'attempt.ready')]).toEqual([
        0,
        [ready('second')]
      ])
    }
    runner.mayBegin('second')
    await waitFor(() => working.has('second'))
    await end('second')
  })

  it('is not asked for by an agent that takes no more work, which need not wait for it', async () => {
    const { runner, sent, working, turn, end } = await hold()
    runner.drain()
    await end('first')
    await turn()
    expect([working.size, runner.isBusy]).toEqual([0, false])
    expect(sent).not.toContainEqual(ready('second'))
    await runner.stopAll()
  })
})
