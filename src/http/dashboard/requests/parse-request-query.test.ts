import { describe, expect, it } from 'vitest'
import { AppError } from '../../../lib/errors.ts'
import type { Principal } from '../../../lib/principal.ts'
import { presentCursor } from '../cursor.ts'
import { parseRequestQuery } from './parse-request-query.ts'

const member = { userId: 'usr_me', role: 'member' } as Principal
const admin = { userId: 'usr_admin', role: 'admin' } as Principal

const parse = (query: Record<string, unknown>, reader = member) =>
  parseRequestQuery(query, reader, { adminsLook: true })

function refusal(query: Record<string, unknown>, reader = member): unknown {
  try {
    parse(query, reader)
  } catch (error) {
    if (error instanceof AppError) return [error.status, error.code, error.param]
    throw error
  }
  return undefined
}

describe('the query of a list of requests', () => {
  it('is by default for the first page of all of the reader', () => {
    const nothing = { model: undefined, providerId: undefined, states: undefined, kind: undefined }
    const search = {
      userId: 'usr_me',
      words: [],
      limit: 50,
      after: undefined,
      from: undefined,
      to: undefined,
      ...nothing
    }
    expect(parse({})).toEqual(search)
    expect(parse({ q: '', model: '', provider: '', status: '', kind: '', from: '', cursor: '' })).toEqual(search)
  })

  it('may name everything', () => {
    const cursor = presentCursor({ created_at: 1_763_000_000_123, id: 'req_0a9z' })
    const query = {
      q: ' Fox  ähre',
      model: 'a/b',
      provider: 'prv_1',
      status: 'failed',
      kind: 'edit',
      from: '1',
      to: '2'
    }
    expect(parse({ ...query, cursor, limit: '200', owner: 'usr_me' })).toEqual({
      userId: 'usr_me',
      words: ['FOX', 'ÄHRE'],
      model: 'a/b',
      providerId: 'prv_1',
      states: ['failed'],
      kind: 'edit',
      from: 1,
      to: 2,
      after: { created_at: 1_763_000_000_123, id: 'req_0a9z' },
      limit: 200
    })
    expect(parse({ status: 'active' }).states).toEqual(['queued', 'running'])
  })

  it("is for the reader's own unless they are an admin", () => {
    expect(parse({}, admin).userId).toBe('usr_admin')
    expect(parse({ owner: 'all' }, admin).userId).toBeUndefined()
    expect(parse({ owner: 'usr_other' }, admin).userId).toBe('usr_other')
    for (const owner of ['all', 'usr_other', 'usr_m', 'usr_me ']) {
      expect(refusal({ owner })).toEqual([403, 'permission_denied', null])
    }
  })

  it.each([
    ['status', 'done'],
    ['status', 'PROCESSED'],
    ['status', ['queued', 'failed']],
    ['kind', 'image'],
    ['from', 'yesterday'],
    ['from', '1.5'],
    ['from', '-1'],
    ['to', '9e15'],
    ['to', ['1', '2']],
    ['limit', '0'],
    ['limit', '201'],
    ['limit', '1.5'],
    ['limit', 'many'],
    ['cursor', 'req_1'],
    ['cursor', '.req_1'],
    ['cursor', 'abc.'],
    ['cursor', 'ABC.req_1'],
    ['cursor', 'zzzzzzzzzzz.req_1'],
    ['cursor', "1.req_1' or 1"],
    ['q', ['a', 'b']],
    ['q', 'x'.repeat(501)],
    ['model', 'x'.repeat(501)],
    ['provider', ['a']],
    ['owner', ['usr_me', 'all']],
    ['colour', 'red'],
    ['Q', 'fox']
  ])('names %s when it is %j', (name, value) => {
    expect(refusal({ [name]: value })).toEqual([400, 'invalid_request', name])
  })

  it('takes what lies just within the bounds', () => {
    expect(parse({ limit: '1' }).limit).toBe(1)
    expect(parse({ from: '0', to: '8.64e15' })).toMatchObject({ from: 0, to: 8.64e15 })
    expect(parse({ q: 'x'.repeat(500) }).words).toEqual(['X'.repeat(500)])
    const last = { created_at: 8.64e15, id: 'req_1' }
    expect(parse({ cursor: presentCursor(last) }).after).toEqual(last)
  })
})
