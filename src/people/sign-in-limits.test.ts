import { describe, expect, it } from 'vitest'
import { AppError, errors } from '../lib/errors.ts'
import { createSignInLimits, type SignInLimits, type Trier } from './sign-in-limits.ts'

const WRONG = { isFree: () => false }
const RIGHT = { isFree: () => true }

/** `ran`, or the code of what was thrown. */
async function attempt(limits: SignInLimits, trier: Trier, { isFree } = WRONG, work = async () => 'ran') {
  try {
    return await limits.attempt(trier, work, { isFree })
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

describe('tries to sign in', () => {
  it('are counted by address and by account, whichever is spent first', async () => {
    const limits = createSignInLimits({ tries: () => 2 })
    const results = []
    for (const trier of [
      { address: '1', email: 'a@x.yz' },
      { address: '2', email: ' A@X.yz ' },
      { address: '3', email: 'a@x.yz' },
      { address: '1' },
      { address: '1', email: 'b@x.yz' },
      { address: '4', email: 'c@x.yz' }
    ]) {
      results.push(await attempt(limits, trier))
    }
    const LATE = 'rate_limit_exceeded'
    expect(results).toEqual(['ran', 'ran', LATE, 'ran', LATE, 'ran'])
  })

  it('of an address that has none left do not use up those of accounts', async () => {
    const limits = createSignInLimits({ tries: () => 2 })
    const flood = { address: '1', email: 'a@x.yz' }
    for (let i = 0; i < 2; i++) await attempt(limits, { address: '1' })
    for (let i = 0; i < 5; i++) expect(await attempt(limits, flood)).toBe('rate_limit_exceeded')
    expect(await attempt(limits, { ...flood, address: '2' })).toBe('ran')
  })

  it('are not run when there is none left, and tell how long to wait', async () => {
    const limits = createSignInLimits({ tries: () => 1 })
    const trier = { address: '1' }
    await attempt(limits, trier)
    let ran = false
    const late = limits.attempt(trier, async () => (ran = true), WRONG)
    await expect(late).rejects.toMatchObject({ status: 429, retryAfterSeconds: 300 })
    expect(ran).toBe(false)
  })

  it('are free when they succeed, or were refused for what was typed, not when they fail otherwise', async () => {
    const limits = createSignInLimits({ tries: () => 1 })
    const trier = { address: '1', email: 'a@x.yz' }
    for (let i = 0; i < 3; i++) expect(await attempt(limits, trier, RIGHT)).toBe('ran')
    const mistyped = () => Promise.reject(errors.invalidRequest('no'))
    for (let i = 0; i < 3; i++) expect(await attempt(limits, trier, WRONG, mistyped)).toBe('invalid_request')
    const invalid = () => Promise.reject(errors.invitationInvalid())
    expect(await attempt(limits, trier, RIGHT, invalid)).toBe('invitation_invalid')
    expect(await attempt(limits, trier, RIGHT)).toBe('rate_limit_exceeded')
  })

  it('at the same moment do not pass together', async () => {
    const limits = createSignInLimits({ tries: () => 3 })
    const results = await Promise.all([1, 2, 3, 4, 5].map(() => attempt(limits, { address: '1' })))
    expect(results.filter((result) => result === 'ran')).toHaveLength(3)
  })
})
