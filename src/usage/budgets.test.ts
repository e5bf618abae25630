import { describe, expect, it } from 'vitest'
import { createBudgets } from './budgets.ts'

const LIMITS = { bytesInFlightPerUser: 100, bytesInFlight: 150 }

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
