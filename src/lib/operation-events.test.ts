import { describe, expect, it } from 'vitest'
import { errors } from './errors.ts'
import { newId } from './ids.ts'
import { createOperationEvents, type OperationEvent } from './operation-events.ts'

function observed<T extends object>(operations: T) {
  const heard: OperationEvent[] = []
  const events = createOperationEvents()
  events.on((event) => heard.push(event))
  return { heard, operations: events.observe({ room: operations }).room }
}

describe('an operation that is observed', () => {
  it('gives and throws what it did, and is heard of once each time', async () => {
    const fault = new Error('the disk is on fire')
    const { heard, operations } = observed({
      add: (a: number, b: number) => a + b,
      later: async (text: string) => text,
      refuse: async () => Promise.reject(errors.notFound('It')),
      fail: (): number => {
        throw fault
      },
      title: 'not an operation'
    })
    expect(operations.add(1, 2)).toBe(3)
    expect(await operations.later('soon')).toBe('soon')
    await expect(operations.refuse()).rejects.toMatchObject({ code: 'not_found' })
    expect(() => operations.fail()).toThrow(fault)
    expect(operations.title).toBe('not an operation')
    expect(heard.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['room.add', 'ok'],
      ['room.later', 'ok'],
      ['room.refuse', 'not_found'],
      ['room.fail', 'internal_error']
    ])
    for (const { ms } of heard) expect(ms).toBeGreaterThanOrEqual(0)
  })

  it('that answers as HTTP does is told by the status', async () => {
    const { heard, operations } = observed({ handle: async (status: number) => new Response(null, { status }) })
    for (const status of [200, 302, 400, 401, 403, 404, 422, 429, 500, 503]) await operations.handle(status)
    expect(heard.map(({ outcome }) => outcome)).toEqual([
      ...['ok', 'ok', 'invalid_request', 'not_signed_in', 'permission_denied', 'not_found', 'invalid_request'],
      ...['rate_limit_exceeded', 'internal_error', 'internal_error']
    ])
  })

  it('is named by the rooms it is in, whose data stays the same', async () => {
    const heard: string[] = []
    const events = createOperationEvents()
    events.on(({ operation }) => heard.push(operation))
    const limits = { most: 3 }
    const people = { list: () => ['Ada'], invitations: { revoke: async () => true }, limits }
    const rooms = events.observe({ people, limits })
    expect(rooms.people.list()).toEqual(['Ada'])
    expect(await rooms.people.invitations.revoke()).toBe(true)
    expect(heard).toEqual(['people.list', 'people.invitations.revoke'])
    expect(rooms.people.limits).toBe(limits)
    expect(rooms.limits).toBe(limits)
  })

  it('is told by the error it will be for callers, and as canceled when it was broken off from outside', async () => {
    const { heard, operations } = observed({ fail: async (error: unknown) => Promise.reject(error) })
    const withCode = (code: string) => Object.assign(new Error('no'), { code })
    const gone = new DOMException('The sender went away.', 'AbortError')
    for (const error of [
      withCode('invalid_image'),
      withCode('ECONNRESET'),
      gone,
      withCode('ENOSPC'),
      undefined,
      'no'
    ]) {
      await operations.fail(error).catch(() => undefined)
    }
    const outcomes = ['invalid_image', 'canceled', 'canceled', 'internal_error', 'internal_error', 'internal_error']
    expect(heard.map(({ outcome }) => outcome)).toEqual(outcomes)
  })

  it('that streams is heard of when the stream has ended, however it does', async () => {
    let closed = 0
    async function* count(to: number) {
      try {
        for (let at = 1; at <= to; at += 1) yield at
        if (to === 3) throw errors.notFound('The fourth')
      } finally {
        closed += 1
      }
    }
    const { heard, operations } = observed({ count })
    const read = async (to: number, most = Infinity) => {
      for await (const at of operations.count(to)) if (at >= most) break
    }
    await read(2)
    await expect(read(3)).rejects.toThrow('The fourth')
    await read(10, 1)
    expect(heard.map(({ outcome }) => outcome)).toEqual(['ok', 'not_found', 'ok'])
    expect(closed).toBe(3)
  })

  it('tells ids that were minted here, and no text of a stranger', async () => {
    const [usr, req, ast, lookalike] = [newId('usr'), newId('req'), newId('ast'), newId('key')]
    const { heard, operations } = observed({
      submit: async (_: unknown, __?: unknown) => ({ id: req, repeated: false })
    })
    await operations.submit(
      {
        principal: { userId: usr, email: 'ada@example.org' },
        image: { prompt: lookalike, parameters: { extraId: { id: newId('svc') } } },
        inputs: [{ assetId: newId('whd') }],
        endUserId: 'ada_lovelace',
        token_hash: 'abc'
      },
      { asset_id: ast }
    )
    expect(heard[0]?.ids).toEqual({ usr, req, ast })
    await operations.submit(ast)
    expect(heard[1]?.ids).toEqual({ req, ast })
    await operations.submit(`pwd_${ast.slice(4)}`, { id: ast.replace('ast', 'abc') })
    expect(heard[2]?.ids).toEqual({ req })
  })
})
