import { describe, expect, it } from 'vitest'
import { Fields } from './fields.ts'
import { parsePage } from './parse-page.ts'

const parse = (query: Record<string, unknown>) => parsePage(new Fields(query))

describe('parsePage', () => {
  it.each([
    [{}, { limit: 50 }],
    [{ limit: '' }, { limit: 50 }],
    [{ limit: '1' }, { limit: 1 }],
    [{ limit: '200' }, { limit: 200 }],
    [{ limit: ' 7 ' }, { limit: 7 }],
    [{ after: 'req_1' }, { limit: 50, after: 'req_1' }],
    [{ after: '' }, { limit: 50 }]
  ])('%j is %j', (query, page) => {
    expect(parse(query)).toEqual(page)
  })

  it.each([
    [{ limit: '0' }, 'limit'],
    [{ limit: '201' }, 'limit'],
    [{ limit: '2.5' }, 'limit'],
    [{ limit: 'ten' }, 'limit'],
    [{ limit: ['1', '2'] }, 'limit'],
    [{ after: ['a', 'b'] }, 'after'],
    [{ after: 'x'.repeat(101) }, 'after']
  ])('%j is refused by name', (query, param) => {
    expect(() => parse(query)).toThrow(expect.objectContaining({ code: 'invalid_request', param }))
  })
})
