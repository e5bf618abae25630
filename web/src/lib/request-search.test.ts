import { expect, it } from 'vitest'
import { parseRequestSearch } from './request-search.ts'

it('takes what it knows from the address, as text', () => {
  expect(parseRequestSearch({ q: 7, model: '', kind: 'edit', other: 'x' })).toEqual({ q: '7', kind: 'edit' })
})

it.each([
  ['FAILED', 'failed'],
  ['PROCESSED', 'succeeded'],
  ['active', 'active'],
  ['__proto__', '__proto__']
])('understands the status %s', (given, status) => {
  expect(parseRequestSearch({ status: given })).toEqual({ status })
})
