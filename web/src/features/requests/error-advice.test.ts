import { expect, it } from 'vitest'
import { adviceFor } from './error-advice.ts'

it('knows what to do about the errors that end requests, and about those it has never heard of', () => {
  const codes = ['content_rejected', 'no_provider', 'upstream_error', 'invalid_request', 'from_the_future', 'toString']
  const advice = codes.map((code) => adviceFor({ code, message: '' }))
  for (const text of advice) expect(text).toMatch(/\.$/)
  expect(new Set(advice).size).toBe(5)
})
