import { describe, expect, it } from 'vitest'
import { type Answer, faultOf } from './judge-answer.ts'

const call = { method: 'GET', target: '/v1/jobs' }
const error = { message: 'No.', type: 'not_found', param: null, code: 'not_found' }
const refusal = (change: object = {}): Answer => ({
  status: 404,
  headers: { 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'xid_1' },
  text: JSON.stringify({ error }),
  bytesBehind: 0,
  ...change
})

describe('an answer', () => {
  it.each([
    ['that refuses', {}],
    ['that refuses several fields', { text: JSON.stringify({ error: { ...error, fields: { n: 'No n.' } } }) }],
    ['that serves', { status: 200, headers: {}, text: 'anything' }],
    ['that says when to come back', { status: 503, headers: { ...refusal().headers, 'retry-after': '5' } }]
  ])('%s is in order', (_what, change) => {
    expect(faultOf(refusal(change), call)).toBeUndefined()
  })

  it.each(['/guides/x', '/share/x?share=y', '/public', '/api/auth/sign-in'])(
    'of %s is a page, or its library’s',
    (target) => {
      const page = refusal({ headers: { 'x-request-id': 'x', 'content-type': 'text/html' }, text: '<p>No.</p>' })
      expect(faultOf(page, { ...call, target })).toBeUndefined()
      expect(faultOf({ ...page, text: 'SQLITE_BUSY' }, { ...call, target })).toBe('it tells of the inside')
    }
  )

  it.each([
    ['that failed', { status: 500 }, 'the status is 500'],
    ['that does not say when', { status: 503 }, 'the status is 503'],
    ['that is no HTTP', { status: NaN }, 'the status is NaN'],
    ['with another one behind it', { bytesBehind: 1 }, 'something comes behind the answer'],
    ['without an id', { headers: {} }, 'there is no x-request-id'],
    ['that is a page', { headers: { 'x-request-id': 'x', 'content-type': 'text/html' } }, 'the error is no JSON'],
    ['that is cut off', { text: '{' }, 'the error is no JSON'],
    ['without an error', { text: '{"message":"No."}' }, 'there is no error in it'],
    ['with more in it', { text: JSON.stringify({ error: { ...error, stack: '' } }) }, 'the error has other members'],
    [
      'of fields without a word',
      { text: JSON.stringify({ error: { ...error, fields: { n: ' ' } } }) },
      'the fields are no sentences'
    ],
    ['of another code', { text: JSON.stringify({ error: { ...error, code: 'E 1' } }) }, 'code or type is wrong'],
    ['that says nothing', { text: JSON.stringify({ error: { ...error, message: ' ' } }) }, 'there is no message'],
    [
      'that tells of the inside',
      { text: JSON.stringify({ error: { ...error, message: 'SQLITE_BUSY' } }) },
      'it tells of the inside'
    ]
  ])('%s is not', (_what, change, fault) => {
    expect(faultOf(refusal(change), call)).toBe(fault)
  })
})
