import { describe, expect, it } from 'vitest'
import { createBudgets } from './budgets.ts'

const LIMITS = { callsPerUser: 3, streamsPerUser: 2, bytesInFlightPerUser: 100, bytesInFlight: 150 }

const refusal = (act: () => unknown): unknown => {
  try {
    act()
    return undefined
  } catch (error) {
    return error
  }
}

describe('what may be on its way', () => {
  it('is as much as the limit for each, and no byte more', () => {
    const budgets = createBudgets(LIMITS)
    budgets.enter('bytesInFlight', 'ann', 60)
    budgets.enter('bytesInFlight', 'ann', 40)
    const error = refusal(() => budgets.enter('bytesInFlight', 'ann', 1))
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', status: 429, retryAfterSeconds: 5 })
    expect(String(error)).toContain('LIMITS_BYTES_IN_FLIGHT_PER_USER')
  })

  it('is as much as the limit for all, but nobody is kept out by the others', () => {
    const budgets = createBudgets(LIMITS)
    budgets.enter('bytesInFlight', 'ann', 90)
    budgets.enter('bytesInFlight', 'bob', 50)
    budgets.enter('bytesInFlight', 'bob', 10)
    const error = refusal(() => budgets.enter('bytesInFlight', 'bob', 1))
    expect(error).toMatchObject({ code: 'rate_limit_exceeded' })
    expect(String(error)).toContain('LIMITS_BYTES_IN_FLIGHT)')
    budgets.enter('bytesInFlight', 'cid', 70)
  })

  it('lets one in that is larger than the limit', () => {
    const budgets = createBudgets(LIMITS)
    const leave = budgets.enter('bytesInFlight', 'ann', 1000)
    expect(refusal(() => budgets.enter('bytesInFlight', 'ann', 1))).toBeDefined()
    leave()
    budgets.enter('bytesInFlight', 'ann', 1000)
  })

  it('is given back once, however often that is said', () => {
    const budgets = createBudgets(LIMITS)
    const leave = budgets.enter('bytesInFlight', 'ann', 50)
    budgets.enter('bytesInFlight', 'ann', 50)
    leave()
    leave()
    budgets.enter('bytesInFlight', 'ann', 50)
    expect(refusal(() => budgets.enter('bytesInFlight', 'ann', 1))).toBeDefined()
  })

  it('follows limits that change meanwhile', () => {
    const limits = { ...LIMITS }
    const budgets = createBudgets(limits)
    budgets.enter('bytesInFlight', 'ann', 100)
    limits.bytesInFlightPerUser = 101
    budgets.enter('bytesInFlight', 'ann', 1)
  })
})

describe('calls and streams', () => {
  it.each([
    ['calls' as const, 3, 'LIMITS_CALLS_PER_USER'],
    ['streams' as const, 2, 'LIMITS_STREAMS_PER_USER']
  ])('%s are as many as the limit, of each person', (budget, most, variable) => {
    const budgets = createBudgets(LIMITS)
    const leaves = Array.from({ length: most }, () => budgets.enter(budget, 'ann'))
    const error = refusal(() => budgets.enter(budget, 'ann'))
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', status: 429 })
    expect(String(error)).toContain(variable)
    budgets.enter(budget, 'bob')
    leaves[0]?.()
    budgets.enter(budget, 'ann')
  })
})
