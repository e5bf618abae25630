import { describe, expect, it } from 'vitest'
import { formatDuration } from '../../../lib/format.ts'
import { sampleImage, sampleRequest } from '../sample-request.ts'
import type { Submission } from '../submit/submissions.ts'
import { stageEntries } from './stage-entries.ts'
import { announce, tellStatus } from './tell-status.ts'
import { columnsFor, fillsFrame, frameOf, gridShare, squareColumns, tellSeeds, tilesOf, usualFrame } from './tiles.ts'

const running = sampleRequest({ status: 'running', n: 3, images: [sampleImage(1)], progress: 40 })

describe('stageEntries', () => {
  const submission = (id: string): Submission => ({
    key: 'k',
    call: { kind: 'generation', fields: { model: 'demo', prompt: 'a' }, sources: [] },
    request: sampleRequest({ id, status: 'queued' }),
    unanswered: null
  })

  it('shows what is on its way above what the list has, each once', () => {
    const requests = [sampleRequest({ id: 'req_2' }), sampleRequest({ id: 'req_1' })]
    const ids = (one: Submission) => stageEntries({ requests, submissions: [one] }).map(({ request }) => request.id)
    expect(ids(submission('k'))).toEqual(['k', 'req_2', 'req_1'])
    expect(ids(submission('req_2'))).toEqual(['req_2', 'req_1'])
  })
})

describe('tilesOf', () => {
  const states = (part: Parameters<typeof sampleRequest>[0]) =>
    tilesOf(sampleRequest({ n: 3, images: [sampleImage(1)], ...part })).map(({ state }) => state)

  it('has a place for every image, wherever the finished ones belong', () => {
    expect(states({ status: 'running' })).toEqual(['pending', 'done', 'pending'])
    expect(states({ status: 'canceled' })).toEqual(['missing', 'done', 'missing'])
    expect(states({ status: 'succeeded' })).toEqual(['missing', 'done', 'missing'])
    expect(states({ status: 'queued', images: [] })).toEqual(['pending', 'pending', 'pending'])
  })

  it('keeps the proportions that are known', () => {
    const size = { width: 640, height: 480 }
    expect(frameOf(sampleRequest({ images: [sampleImage(0)], size }))).toMatchObject({ width: 80, height: 60 })
    expect(frameOf(sampleRequest({ size, inputs: [sampleImage(0)] }))).toEqual(size)
    expect(frameOf(sampleRequest({ inputs: [sampleImage(0)] }))).toMatchObject({ width: 80, height: 60 })
    expect(frameOf(sampleRequest())).toEqual({ width: 1024, height: 1024 })
  })

  it('expects of a model what it made last where nobody named a size', () => {
    const made = [
      sampleRequest({ images: [], status: 'running' }),
      sampleRequest({ size: { width: 10, height: 90 }, images: [{ ...sampleImage(0), width: 10, height: 90 }] }),
      sampleRequest({ images: [sampleImage(0)] })
    ]
    expect(usualFrame('demo', made)).toMatchObject({ width: 80, height: 60 })
    expect(usualFrame('other', made)).toEqual({ width: 1024, height: 1024 })
    expect(frameOf(sampleRequest(), usualFrame('demo', made))).toMatchObject({ width: 80, height: 60 })
  })

  it('cuts a hair of an image whose shape was rounded, and nothing of another', () => {
    const frame = { width: 1024, height: 1024 }
    expect(fillsFrame({ width: 1024, height: 1000 }, frame)).toBe(true)
    expect(fillsFrame({ width: 512, height: 512 }, frame)).toBe(true)
    expect(fillsFrame({ width: 1152, height: 1024 }, frame)).toBe(false)
    expect(fillsFrame({ width: 1024, height: 1152 }, frame)).toBe(false)
  })

  it('tells the seeds that are known', () => {
    const seeds = (...told: (number | null)[]) =>
      tellSeeds({ images: told.map((seed, position) => ({ ...sampleImage(position), seed })) })
    expect([seeds(), seeds(null), seeds(7), seeds(7, 8, 9), seeds(7, null, 4)]).toEqual([
      undefined,
      undefined,
      'seed 7',
      'seeds 7–9',
      '2 seeds'
    ])
  })

  it('arranges them so that all are visible', () => {
    for (let n = 1; n <= 20; n++) expect(squareColumns(n) ** 2).toBeGreaterThanOrEqual(n)
    for (let n = 1; n <= 10; n++) expect(columnsFor(n)).toBeLessThanOrEqual(n)
    expect(gridShare(1, { width: 100, height: 100 })).toBe(1)
    expect(gridShare(4, { width: 100, height: 100 })).toBe(1)
    expect(gridShare(2, { width: 50, height: 100 })).toBe(1)
    expect(gridShare(10, { width: 100, height: 100 })).toBe(2.5)
  })
})

describe('tellStatus', () => {
  it('tells the place and the time left', () => {
    const queued = sampleRequest({ status: 'queued', queuePosition: 3, etaSeconds: 20 })
    expect(tellStatus(queued, 0)).toBe(`number 3 in the queue, about ${formatDuration(20_000)} left`)
    expect(tellStatus({ ...queued, queuePosition: 1, etaSeconds: null }, 0)).toBe('next in the queue')
    expect(tellStatus({ ...queued, queuePosition: null, etaSeconds: null }, 0)).toBe('')
    expect(tellStatus({ ...running, queuePosition: 2, etaSeconds: 0 }, 0)).toBe(`1 of 3 done, done in a moment`)
    expect(tellStatus({ ...queued, queuePosition: 1, etaSeconds: null, isOverdue: true }, 0)).toBe(
      'next in the queue, longer than usual'
    )
    expect(tellStatus({ ...running, etaSeconds: null, isOverdue: true }, 0)).toBe('1 of 3 done, longer than usual')
    const wait = { reason: 'away', until: null } as const
    expect(tellStatus({ ...queued, etaSeconds: null, wait }, 0)).toBe('No machine for it is online')
    expect(tellStatus({ ...running, status: 'queued', wait }, 0)).toBe('No machine for it is online, 1 of 3 done')
    expect(tellStatus({ ...running, wait }, 0)).toBe('1 of 3 done, No machine for it is online')
  })
})

describe('announce', () => {
  it('tells what has changed', () => {
    const next = { ...running, images: [sampleImage(0), sampleImage(1)] }
    expect(announce(running, next)).toEqual(['Image 1 of 3 is done'])
    expect(announce(running, running)).toEqual([])
    expect(announce(running, { ...running, status: 'canceled' })).toEqual(['The request was canceled'])
    const error = { code: 'upstream_error', message: 'Out of memory.' }
    expect(announce(running, { ...running, status: 'failed', error })).toEqual(['The request failed: Out of memory.'])
  })

  it('says nothing about what was there when the page was opened', () => {
    expect(announce(undefined, running)).toEqual([])
  })
})
