import { describe, expect, it } from 'vitest'
import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { summary } from './request-samples.ts'
import { hasStatus, itemsOf, lacks, type ListData, mayHold, mergeHead } from './request-list.ts'

const request = (at: number, change: Partial<RequestSummary> = {}): RequestSummary =>
  summary({ id: `req_${at}`, createdAt: at, startedAt: null, finishedAt: null, images: [], ...change })

const page = (next: string | null, ...times: number[]) => ({ items: times.map((at) => request(at)), next })
const list = (...pages: ReturnType<typeof page>[]): ListData => ({ pages, pageParams: pages.map(() => undefined) })
const times = (data: ListData) => itemsOf(data).map(({ createdAt }) => createdAt)

describe('mergeHead', () => {
  const known = list(page('a', 9, 8, 7), page('b', 6, 5, 4), page(null, 3))

  it('puts what is new on top and keeps what is below', () => {
    const merged = mergeHead(known, [page('c', 11, 10, 9, 8)])
    expect(times(merged)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3])
    expect(merged.pages.map(({ next }) => next)).toEqual(['a', 'b', null])
  })

  it('takes out what is gone and puts in what came to belong to it, as far as the head reaches', () => {
    expect(times(mergeHead(known, [page('c', 9, 7, 6.5, 5)]))).toEqual([9, 7, 6.5, 5, 4, 3])
  })

  it('shows what is known as it is now', () => {
    const merged = mergeHead(known, [{ items: [request(9, { status: 'failed' })], next: 'c' }])
    expect(itemsOf(merged)[0]?.status).toBe('failed')
    expect(times(merged)).toEqual(times(known))
  })

  it('begins anew when there is a gap, or when the head is all there is', () => {
    const gap = mergeHead(known, [page('x', 30, 29), page('y', 28, 27)])
    expect(times(gap)).toEqual([30, 29, 28, 27])
    expect(gap.pageParams).toEqual([undefined, 'x'])
    expect(times(mergeHead(known, [page(null, 9)]))).toEqual([9])
    expect(times(mergeHead(list(page(null)), [page(null, 1)]))).toEqual([1])
  })

  it('changes nothing while the search has found nothing yet', () => {
    expect(mergeHead(known, [page('x')])).toBe(known)
  })
})

describe('what a list holds', () => {
  it('is its status, model, kind, time and person', () => {
    const one = request(5, { status: 'running' })
    expect(mayHold({}, one, 'usr_1')).toBe(true)
    expect(mayHold({}, one, 'usr_2')).toBe(false)
    expect(mayHold({ owner: 'all' }, one, 'usr_2')).toBe(true)
    expect(mayHold({ status: 'active', kind: 'generation', model: 'demo', from: 5, to: 5 }, one, 'usr_1')).toBe(true)
    for (const query of [
      { status: 'failed' as const },
      { kind: 'edit' as const },
      { model: 'x' },
      { from: 6 },
      { to: 4 }
    ]) {
      expect(mayHold(query, one, 'usr_1')).toBe(false)
    }
  })

  it('is unfinished while it is queued or running', () => {
    const having = (status: RequestSummary['status']) => hasStatus({ status: 'active' }, { status })
    expect([having('queued'), having('running'), having('failed')]).toEqual([true, true, false])
  })
})

describe('lacks', () => {
  it('knows only as much as is loaded', () => {
    expect(lacks(list(page('a', 9, 8)), request(10))).toBe(true)
    expect(lacks(list(page('a', 9, 8)), request(9))).toBe(false)
    expect(lacks(list(page('a', 9, 8)), request(3))).toBe(false)
    expect(lacks(list(page(null, 9, 8)), request(3))).toBe(true)
  })
})
