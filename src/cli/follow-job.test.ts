import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { CommandFailed } from './command-failed.ts'
import { followJob } from './follow-job.ts'

type Answer = (response: ServerResponse) => void

const RESULT = { data: [{ url: 'http://images.example.org/1' }], warnings: [] }
const job =
  (fields: Record<string, unknown>): Answer =>
  (response) =>
    void response.end(JSON.stringify({ status: 'PROCESSING', progress: 0, parameters: { n: 2 }, ...fields }))
const processed = job({ status: 'PROCESSED', progress: 100, result: RESULT })
const failed = job({ status: 'FAILED', error: { message: 'The image server failed.' } })
const away: Answer = (response) => void response.writeHead(503).end('{"error":{"message":"restarting"}}')
const unknown: Answer = (response) => void response.writeHead(404).end('{"error":{"message":"no such job"}}')
const cut: Answer = (response) => void response.destroy()
const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
const events =
  (text: string, end: Answer = (response) => void response.end()): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text, () => end(response))
  }

/** Its answers are in turn: a look would take one. */
const NO_LOOKS = { firstMs: 600_000, everyMs: 600_000 }

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A gateway whose stream of events the test has, and which answers each look at the job as it is told. */
async function serveJob({ onEvents, onLook }: { onEvents: (events: ServerResponse) => void; onLook: Answer }) {
  const server = createServer((request, response) => {
    if (!request.url?.endsWith('/events')) return onLook(response)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    onEvents(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: 'ic_any' }
}

/** What is noted of a job that is answered so at one look after the other, and is made then. */
async function notesOf(looks: Answer[]): Promise<string[]> {
  let end: (() => void) | undefined
  const gateway = await serveJob({
    onEvents: (events) => (end = () => void events.end(event('result', {}))),
    onLook: (response) => {
      if (!end) return job({})(response)
      const look = looks.shift()
      if (!look) end()
      ;(look ?? processed)(response)
    }
  })
  const notes: string[] = []
  const bar = { update: () => undefined, note: (text: string) => void notes.push(text), stop: () => undefined }
  expect(await followJob(gateway, 'req_1', bar, { firstMs: 50, everyMs: 10 })).toEqual(RESULT)
  return notes
}

/** By a gateway that gives these answers in turn: to the job, to its events, to the job, … */
async function follow(answers: Answer[]) {
  const server = createServer((_request, response) => (answers.shift() ?? cut)(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const shown: number[] = []
  const estimated: number[] = []
  let stops = 0
  const bar = {
    update: (percent: number, isEstimated?: boolean) => {
      shown.push(percent)
      if (isEstimated) estimated.push(percent)
    },
    note: () => undefined,
    stop: () => void (stops += 1)
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const outcome = await followJob({ url, key: 'ic_any' }, 'req_1', bar, NO_LOOKS).catch((error: unknown) => error)
  return { outcome, shown, stops, left: answers.length, ...(estimated.length > 0 && { estimated }) }
}

describe('following a job', () => {
  it('needs no events when it has ended already', async () => {
    expect(await follow([processed])).toEqual({ outcome: RESULT, shown: [100], stops: 1, left: 0 })
  })

  it('shows the progress of all images together', async () => {
    const text = [
      event('status', {}),
      event('progress', { image: 0, step: 1, steps: 4 }),
      event('progress', { image: 1, step: 2, steps: 4 }),
      event('progress', { image: 0, step: 4, steps: 4 }),
      event('result', {})
    ].join('')
    const { outcome, shown } = await follow([job({}), events(text), processed])
    expect(outcome).toEqual(RESULT)
    expect(shown).toEqual([0, 12.5, 37.5, 75, 100])
  })

  it('says of what is estimated that it is, until steps are told of every image', async () => {
    const text = [
      event('progress', { image: 0, step: 0, steps: 0, percent: 40, estimated: true }),
      event('progress', { image: 1, step: 1, steps: 4 }),
      event('progress', { image: 0, step: 1, steps: 4 }),
      event('result', {})
    ].join('')
    const { shown, estimated } = await follow([job({}), events(text), processed])
    expect(shown).toEqual([0, 20, 32.5, 25, 100])
    expect(estimated).toEqual([20, 32.5])
  })

  it('goes on when the events break off and the gateway is away for a while', async () => {
    const progress = events(event('progress', { image: 0, step: 1, steps: 2 }), cut)
    expect(await follow([job({}), progress, cut, away, job({ progress: 60 }), cut, processed])).toEqual({
      outcome: RESULT,
      shown: [0, 25, 60, 100],
      stops: 1,
      left: 0
    })
  })

  it.each([
    ['why the job failed', [failed], 'The image server failed.'],
    ['that there is none', [unknown], 'no such job'],
    ['how it ended without a reason', [job({ status: 'CANCELED' })], 'The job ended as CANCELED.']
  ])('tells %s', async (_what, answers, message) => {
    const { outcome, stops } = await follow(answers)
    expect(outcome).toBeInstanceOf(CommandFailed)
    expect((outcome as Error).message).toBe(message)
    expect(stops).toBe(1)
  })

  const rigs = Array.from({ length: 11 }, (_, index) => `rig-${index}`)

  it.each([
    [['gus-rig', 'gus-rig', 'attic\x1b[2J', 'gone'], 'gus-rig, attic'],
    [rigs.slice(1), rigs.slice(1).join(', ')],
    [rigs, `${rigs.slice(0, 10).join(', ')} and 1 more`]
  ])('notes that it has begun, and where, as soon as the events tell of a change: %j', async (providers, where) => {
    const down = job({ status: 'QUEUED', waiting: { reason: 'unusable' } })
    const attempts = providers.map((provider) => ({ provider, status: provider === 'gone' ? 'failed' : 'running' }))
    let stream: ServerResponse | undefined
    let looks = 0
    let state = down
    const gateway = await serveJob({
      onEvents: (events) => (stream = events),
      onLook: (response) => {
        looks += 1
        state(response)
      }
    })
    const notes: string[] = []
    const note = (text: string) => {
      notes.push(text)
      if (notes.length === 1) {
        state = job({ attempts })
        stream?.write(event('status', { status: 'PROCESSING' }))
      } else {
        state = processed
        stream?.end(event('result', {}))
      }
    }
    const bar = { update: () => undefined, note, stop: () => undefined }
    const result = await followJob(gateway, 'req_1', bar, { firstMs: 50, everyMs: 600_000 })
    expect(result).toEqual(RESULT)
    expect(notes).toEqual(['waits: The image server cannot be used, goes on when it can be', `begun on ${where}`])
    expect(looks).toBe(4)
  })

  it.each([
    [{ queue_position: 4, eta_seconds: 35 }, 'waits: in line at place 4, done in about 35 s'],
    [{ queue_position: 1, eta_seconds: 99 }, 'waits: next in line, done in about 99 s'],
    [{ queue_position: 2, eta_seconds: 100 }, 'waits: in line at place 2, done in about 2 min'],
    [{ queue_position: 1 }, 'waits: next in line'],
    [{ queue_position: 2, eta_seconds: 'soon' }, 'waits: in line at place 2']
  ])('notes its place in line once, and then that it has begun: %j', async (place, words) => {
    const looks = [
      job({ status: 'QUEUED', ...place }),
      job({ status: 'QUEUED', queue_position: 1 }),
      job({ attempts: [{ provider: 'rig', status: 'running' }], queue_position: 1 })
    ]
    const notes = await notesOf(looks)
    expect(notes).toEqual([words, 'begun on rig'])
  })

  it('notes why it waits, each reason once until there is another, and passes over what it has no words for', async () => {
    const until = Math.ceil(Date.now() / 1000) + 1800
    const waits = (waiting: Record<string, unknown>) => job({ status: 'QUEUED', waiting })
    const looks = [
      waits({ reason: 'capped', until }),
      waits({ reason: 'capped', until: until + 60 }),
      away,
      waits({ reason: 'toString' }),
      waits({ reason: 'away' }),
      waits({ reason: 'capped', until })
    ]
    const notes = await notesOf(looks)
    const capped = /^waits: The owner's limit per hour is reached, goes on at \d\d:\d\d( on .+)? at the earliest$/
    expect(notes).toEqual([
      expect.stringMatching(capped),
      'waits: No machine for it is online',
      expect.stringMatching(capped)
    ])
  })
})
