import { describe, expect, it } from 'vitest'
import { NODE_FAULTS, REQUEST_FAULTS } from '../protocol/messages.ts'
import type { AttemptReason } from './request-states.ts'
import {
  DEFERRING_FAULTS,
  type FaultHistory,
  isLoss,
  isRequestFault,
  hangPauseMs,
  pauseLengthMs,
  retryDelayMs,
  secondOpinions,
  shouldRetry,
  SPENDING_FAULTS
} from './retry-policy.ts'

const retried = (history: Partial<FaultHistory>): boolean =>
  shouldRetry({
    reason: 'crashed',
    nodeFaults: 1,
    losses: 0,
    spentOn: [],
    deferredForMs: 0,
    patienceMs: 1000,
    candidates: ['a', 'b'],
    isOwn: false,
    unasked: [],
    ...history
  })

describe('shouldRetry', () => {
  it.each([
    // reason, node faults, losses → again?
    ['crashed', 1, 0, true],
    ['crashed', 2, 0, true],
    ['crashed', 3, 0, false],
    ['crashed', 1, 4, true],
    ['bad_output', 2, 0, true],
    ['bad_output', 3, 0, false],
    ['out_of_memory', 3, 0, false],
    ['unreachable', 3, 0, true],
    ['busy', 3, 0, true],
    ['model_missing', 3, 0, true],
    ['timeout', 2, 0, true],
    ['timeout', 3, 0, false],
    ['bad_request', 0, 0, false],
    ['content_rejected', 0, 0, false],
    ['lease_lapsed', 0, 1, true],
    ['lease_lapsed', 0, 4, true],
    ['lease_lapsed', 0, 5, false],
    ['agent_lost', 2, 4, true],
    ['agent_lost', 0, 5, false]
  ] as [AttemptReason, number, number, boolean][])(
    'after %s with %i node faults and %i losses: %s',
    (reason, nodeFaults, losses, again) => {
      expect(retried({ reason, nodeFaults, losses })).toBe(again)
    }
  )

  it.each([
    // candidates, spent on → again?
    [['a'], ['a'], false],
    [['a', 'b'], ['a'], true],
    [['a', 'b'], ['a', 'b'], false],
    [['b'], ['a'], true],
    [[], ['a'], true]
  ])('with %j online and work done in vain on %j: %s', (candidates, spentOn, again) => {
    for (const reason of SPENDING_FAULTS) expect(retried({ reason, candidates, spentOn })).toBe(again)
  })

  it('defers as long as there is patience', () => {
    for (const reason of DEFERRING_FAULTS) {
      expect(retried({ reason, deferredForMs: 1000, patienceMs: 1000 })).toBe(true)
      expect(retried({ reason, deferredForMs: 1001, patienceMs: 1000 })).toBe(false)
    }
    expect(retried({ reason: 'crashed', deferredForMs: 1001, patienceMs: 1000 })).toBe(true)
  })

  it.each([
    // the caller's own, still to ask → again?
    [false, ['b'], true],
    [false, [], false],
    [true, ['b'], false],
    [true, [], false]
  ])('a refusal by a provider that is the own one (%s), with %j still to ask: %s', (isOwn, unasked, again) => {
    for (const reason of REQUEST_FAULTS) expect(retried({ reason, isOwn, unasked })).toBe(again)
  })

  it('goes on without a candidate, for one may come', () => {
    expect(retried({ candidates: [] })).toBe(true)
  })

  it('tries the only service again after a fault that cost little', () => {
    expect(retried({ reason: 'crashed', candidates: ['a'] })).toBe(true)
  })

  it('ends when the only one left did the work in vain earlier', () => {
    expect(retried({ reason: 'crashed', nodeFaults: 2, candidates: ['a'], spentOn: ['a'] })).toBe(false)
  })
})

describe('secondOpinions', () => {
  /** `ann1x`: a service of the provider `ann1` of `ann`. */
  const machine = (serviceId: string) => ({
    serviceId,
    providerId: serviceId.slice(0, 4),
    ownerId: serviceId.slice(0, 3)
  })
  it.each([
    // refused by, candidates → to ask
    [['ann1x'], ['ann1x'], []],
    [['ann1x'], ['ann1x', 'ann1y'], []],
    [['ann1x'], ['ann1x', 'ann2x'], ['ann2x']],
    [['ann1x'], ['ann1x', 'ann2x', 'bob1x', 'bob1y'], ['bob1x', 'bob1y']],
    [['ann1x', 'ann2x'], ['ann1x', 'ann2x', 'ann3x'], []],
    [['ann1x', 'ann2x'], ['ann1x', 'bob1x'], ['bob1x']],
    [['ann1x', 'bob1x'], ['ann1x', 'bob1x', 'cat1x'], []],
    [['ann1x'], [], []],
    [[], ['ann1x'], []]
  ])('refused by %j, with %j online: %j', (refused, online, expected) => {
    const asked = secondOpinions(refused.map(machine), online.map(machine))
    expect(asked.map(({ serviceId }) => serviceId)).toEqual(expected)
  })
})

it('every fault belongs to the node, the request or nobody', () => {
  for (const fault of NODE_FAULTS) expect([isRequestFault(fault), isLoss(fault)]).toEqual([false, false])
  for (const fault of REQUEST_FAULTS) expect([isRequestFault(fault), isLoss(fault)]).toEqual([true, false])
  for (const loss of ['lease_lapsed', 'agent_lost'] as const) {
    expect([isRequestFault(loss), isLoss(loss)]).toEqual([false, true])
  }
})

it.each([
  [0, undefined, 2000],
  [1, undefined, 4000],
  [4, undefined, 32_000],
  [5, undefined, 60_000],
  [5000, undefined, 60_000],
  [5, 100, 100],
  [0, 0, 2000],
  [0, 3_600_000, 3_600_000]
])('the pause after %i in a row that asked for %s ms is %i ms', (inRow, askedMs, ms) => {
  expect(pauseLengthMs(inRow, askedMs)).toBe(ms)
})

it.each([
  [0, 30_000],
  [1, 60_000],
  [4, 480_000],
  [5, 600_000],
  [1000, 600_000]
])('a service that makes nothing is left alone the %ith time for %i ms', (inRow, ms) => {
  expect(hangPauseMs(inRow)).toBe(ms)
})

describe('retryDelayMs', () => {
  const delay = (nodeFaults: number, random = 0, firstMs = 1000) => retryDelayMs({ nodeFaults, firstMs, random })

  it('is five times as long each time, a minute at most', () => {
    expect([1, 2, 3, 4, 5000].map((faults) => delay(faults))).toEqual([1000, 5000, 25_000, 60_000, 60_000])
    expect([1, 2].map((faults) => delay(faults, 0, 0))).toEqual([0, 0])
  })

  it('is shortened by up to a fifth at random', () => {
    expect([0, 0.5, 1].map((random) => delay(2, random))).toEqual([5000, 4500, 4000])
    expect(delay(5000, 1)).toBe(48_000)
  })
})
