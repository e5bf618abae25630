import { describe, expect, it } from 'vitest'
import type { RequestState } from '../db/tables.ts'
import type { RequestNews } from './request-feed.ts'
import type { RequestView } from './view-request.ts'
import { createWatchMailbox, type WatchedEvent, type WatchMailbox } from './watch-mailbox.ts'

const changed = (id: string, state: RequestState): RequestNews => ({
  type: 'changed',
  id,
  view: { request: { id, state } } as RequestView,
  queue: undefined,
  ownerName: 'Somebody'
})

const progress = (position: number, step: number) => ({ type: 'progress' as const, position, step, steps: 9 })
const preview = (position: number, b64: string) => ({
  type: 'preview' as const,
  position,
  mediaType: 'image/jpeg',
  b64
})

function takeAll(mailbox: WatchMailbox): WatchedEvent[] {
  const taken: WatchedEvent[] = []
  for (let event = mailbox.take(); event; event = mailbox.take()) taken.push(event)
  return taken
}

/** One whose reader has been told to fetch everything. */
function openMailbox() {
  let woken = 0
  const mailbox = createWatchMailbox(() => (woken += 1))
  mailbox.startAnew()
  expect(mailbox.take()).toEqual({ type: 'anew' })
  woken = 0
  return { mailbox, woken: () => woken }
}

describe('a mailbox', () => {
  it('gives nothing before the first beginning, and what came before it never', () => {
    const mailbox = createWatchMailbox(() => undefined)
    mailbox.putNews(changed('a', 'queued'))
    mailbox.putLive('a', progress(0, 1))
    mailbox.putTotals({ waiting: 1, running: 0 })
    expect(mailbox.take()).toBeUndefined()
    mailbox.startAnew()
    expect(takeAll(mailbox)).toEqual([{ type: 'anew' }, { type: 'queue', totals: { waiting: 1, running: 0 } }])
  })

  it('wakes its reader for everything', () => {
    const { mailbox, woken } = openMailbox()
    mailbox.putNews(changed('a', 'queued'))
    mailbox.putLive('a', progress(0, 1))
    mailbox.putTotals({ waiting: 1, running: 0 })
    mailbox.startAnew()
    expect(woken()).toBe(4)
  })

  it('keeps the latest of each request, each image and the totals', () => {
    const { mailbox } = openMailbox()
    for (const state of ['queued', 'running'] as const) mailbox.putNews(changed('a', state))
    mailbox.putNews(changed('b', 'queued'))
    for (const step of [1, 2, 3]) {
      mailbox.putLive('a', progress(0, step))
      mailbox.putLive('a', preview(0, String(step)))
      mailbox.putLive('a', progress(1, step))
      mailbox.putTotals({ waiting: 0, running: step })
    }
    expect(takeAll(mailbox)).toEqual([
      { type: 'queue', totals: { waiting: 0, running: 3 } },
      changed('a', 'running'),
      changed('b', 'queued'),
      { type: 'live', requestId: 'a', event: progress(0, 3) },
      { type: 'live', requestId: 'a', event: progress(1, 3) },
      { type: 'live', requestId: 'a', event: preview(0, '3') }
    ])
  })

  it('tells nothing of the inside of what has ended or is gone', () => {
    const { mailbox } = openMailbox()
    for (const id of ['a', 'b', 'c']) mailbox.putLive(id, preview(0, id))
    mailbox.putNews(changed('a', 'succeeded'))
    mailbox.putNews({ type: 'removed', id: 'b' })
    mailbox.putNews(changed('c', 'running'))
    expect(takeAll(mailbox).at(-1)).toEqual({ type: 'live', requestId: 'c', event: preview(0, 'c') })
    expect(mailbox.take()).toBeUndefined()
  })

  it.each([
    [32, 32],
    [33, 32]
  ])('of %i previews keeps %i, the newest, whatever there is of steps', (previews, kept) => {
    const { mailbox } = openMailbox()
    for (let image = 0; image < previews; image++) {
      mailbox.putLive('a', progress(image, 1))
      mailbox.putLive('a', preview(image, String(image)))
    }
    const taken = takeAll(mailbox)
    expect(taken.filter((one) => one.type === 'live' && one.event.type === 'preview')).toHaveLength(kept)
    expect(taken.at(-1)).toEqual({ type: 'live', requestId: 'a', event: preview(previews - 1, String(previews - 1)) })
  })

  it('keeps the steps of a thousand images', () => {
    const { mailbox } = openMailbox()
    for (let image = 0; image < 1001; image++) mailbox.putLive('a', progress(image, 1))
    const taken = takeAll(mailbox)
    expect(taken).toHaveLength(1000)
    expect(taken[0]).toEqual({ type: 'live', requestId: 'a', event: progress(1, 1) })
  })

  it('has its reader begin anew when too many requests changed', () => {
    const { mailbox } = openMailbox()
    for (let i = 0; i < 10_000; i++) mailbox.putNews(changed(`r${i}`, 'queued'))
    const taken = takeAll(mailbox)
    expect(taken[0]).toEqual({ type: 'anew' })
    expect(taken.filter(({ type }) => type === 'anew')).toHaveLength(1)
    expect(taken.length).toBeLessThan(1000)
    expect(taken.at(-1)).toEqual(changed('r9999', 'queued'))
  })
})
