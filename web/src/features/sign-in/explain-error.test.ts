import { describe, expect, it } from 'vitest'
import { ApiError } from '../../lib/fetch-json.ts'
import { explainError, explainProviderError } from './explain-error.ts'

const error = (status: number, code: string, retryAfter: number | null = null) =>
  new ApiError({ status, code, message: 'As the server says.', retryAfter })

describe('explainError', () => {
  it('says how long to wait', () => {
    expect(explainError(error(429, 'rate_limit_exceeded', 245))).toBe('Too many tries. Try again in 4 min 5 s.')
  })
  it('leaves it to the server where it does not say how long', () => {
    expect(explainError(error(429, 'rate_limit_exceeded'))).toBe('As the server says.')
  })
  it('does not tell which of the two was wrong', () => {
    expect(explainError(error(401, 'INVALID_EMAIL_OR_PASSWORD'))).toContain('e-mail address or the password')
  })
})

describe('explainProviderError', () => {
  it('knows the common ones', () => expect(explainProviderError('access_denied')).toContain('did not allow'))
  it.each(['something_else', 'toString', ''])('has a sentence for %j', (code) => {
    expect(explainProviderError(code)).toContain('did not work')
  })
})
