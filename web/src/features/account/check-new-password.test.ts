import { describe, expect, it } from 'vitest'
import { ApiError } from '../../lib/fetch-json.ts'
import { checkNewPassword, passwordErrors } from './check-new-password.ts'

describe('checkNewPassword', () => {
  it.each([
    ['', 'long enough', ['current']],
    ['old password', 'short', ['next']],
    ['old password', 'x'.repeat(129), ['next']],
    ['old password', 'old password', ['next']],
    ['', '', ['current', 'next']],
    ['old password', 'new password', []]
  ])('of %j and %j finds %j', (current, next, wrong) => {
    expect(Object.keys(checkNewPassword({ current, next }))).toEqual(wrong)
  })
})

describe('passwordErrors', () => {
  const error = (part: { status: number; code: string; retryAfter?: number }) =>
    passwordErrors(new ApiError({ message: 'As the server says.', ...part }))

  it('tells each where it belongs', () => {
    expect(error({ status: 400, code: 'INVALID_PASSWORD' })).toHaveProperty('current')
    expect(error({ status: 429, code: 'rate_limit_exceeded', retryAfter: 90 }).current).toMatch(/Too many/)
    expect(error({ status: 500, code: 'unknown' })).toEqual({ next: 'As the server says.' })
  })
})
