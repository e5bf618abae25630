import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { errors } from '../lib/errors.ts'
import type { Fault } from '../lib/fault.ts'
import type { Logger } from '../lib/logger.ts'
import { handleErrors } from './error-handler.ts'

/** Answers a call whose handler throws that; what was logged as an error comes along. */
async function answerTo(thrown: unknown, fault?: Fault, isThroughCdn = false) {
  const logged: unknown[] = []
  const app = Fastify({ genReqId: () => 'xid_test' })
  const logger = { error: (entry: { err: unknown }) => void logged.push(entry.err) } as unknown as Logger
  handleErrors(app, { logger, findFault: () => fault })
  app.get('/', (request) => {
    request.reached = { address: '127.0.0.1', origin: 'http://localhost', isProxied: isThroughCdn, isThroughCdn }
    throw thrown
  })
  const { statusCode, headers, body } = await app.inject('/')
  await app.close()
  return { status: statusCode, headers, error: (JSON.parse(body) as { error: Record<string, unknown> }).error, logged }
}

describe('a fact', () => {
  it('is answered with its status, headers and the four members', async () => {
    const { status, headers, error, logged } = await answerTo(errors.methodNotAllowed('GET', ['POST', 'DELETE']))
    expect(status).toBe(405)
    expect(headers).toMatchObject({
      allow: 'POST, DELETE',
      'content-type': expect.stringMatching(/^application\/json/)
    })
    expect(error).toEqual({
      message: 'GET is not possible here. Use POST or DELETE.',
      type: 'method_not_allowed',
      param: null,
      code: 'method_not_allowed'
    })
    expect(logged).toEqual([])
  })

  it.each([
    [errors.upstreamError('no'), 502, 500],
    [errors.timeout('req_1'), 504, 503],
    [errors.queueFull('no'), 503, 503],
    [errors.missingPrompt(), 400, 400]
  ])('is spelled so that a content delivery network lets it through: $code', async (thrown, status, throughCdn) => {
    const direct = await answerTo(thrown)
    const passed = await answerTo(thrown, undefined, true)
    expect([direct.status, passed.status]).toEqual([status, throughCdn])
    expect(passed.error).toEqual(direct.error)
    expect(passed.headers['x-should-retry']).toBe(direct.headers['x-should-retry'])
  })

  it.each([
    ['upstream error', errors.upstreamError('no'), 'false', undefined],
    ['timeout', errors.timeout('req_1'), 'false', undefined],
    ['conflict', errors.conflict('no'), 'false', undefined],
    ['refused content', errors.contentRejected('no'), 'false', undefined],
    ['recorded error', errors.recorded('canceled', 'no'), 'false', undefined],
    ['full queue', errors.queueFull('no'), undefined, '10'],
    ['stopping server', errors.shuttingDown(), undefined, '5'],
    ['unreadable store', errors.storageUnavailable(), undefined, '10'],
    ['bad request', errors.missingPrompt(), undefined, undefined]
  ])('says whether a retry helps: %s', async (_name, thrown, shouldRetry, retryAfter) => {
    const { headers } = await answerTo(thrown)
    expect(headers['x-should-retry']).toBe(shouldRetry)
    expect(headers['retry-after']).toBe(retryAfter)
  })

  it('keeps its cause to itself', async () => {
    const { error } = await answerTo(errors.storageUnavailable(new Error('EIO: /srv/data/objects')))
    expect(JSON.stringify(error)).not.toContain('/srv')
  })
})

describe('a fault of ours', () => {
  it.each([
    ['an error', new Error('secret of /srv/data')],
    ['text', 'secret'],
    ['one that claims to be a server error', Object.assign(new Error('secret'), { statusCode: 503 })]
  ])('is answered with the id of the exchange and nothing else, and logged: %s', async (_name, thrown) => {
    const { status, error, logged } = await answerTo(thrown)
    expect(status).toBe(500)
    expect(error).toMatchObject({ type: 'internal_error', code: 'internal_error', param: null })
    expect(error.message).toContain('xid_test')
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(logged).toHaveLength(1)
  })

  it('of the database is told apart, because a retry helps', async () => {
    const { status, headers, error, logged } = await answerTo(new Error('database is locked'), 'database')
    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('5')
    expect(error).toMatchObject({ type: 'database_unavailable', param: null })
    expect(error.message).not.toContain('locked')
    expect(logged).toHaveLength(1)
  })
})

describe('a fault of the disk', () => {
  it('is told apart, because a retry helps, and its path is for the log', async () => {
    const { status, headers, error, logged } = await answerTo(new Error('ENOSPC: /srv/data'), 'storage')
    expect([status, headers['retry-after']]).toEqual([503, '10'])
    expect(error).toMatchObject({ type: 'storage_unavailable', param: null })
    expect(JSON.stringify(error)).not.toContain('/srv')
    expect(logged).toHaveLength(1)
  })

  it('is logged when it was told apart before, and not when it is only full', async () => {
    expect((await answerTo(errors.storageUnavailable(new Error('EIO')))).logged).toHaveLength(1)
    expect((await answerTo(errors.storageFull())).logged).toHaveLength(0)
  })
})

describe('what the framework refuses', () => {
  it('is the caller’s mistake, in words of ours', async () => {
    const { status, error } = await answerTo(Object.assign(new Error('FST internals'), { statusCode: 422 }))
    expect(status).toBe(400)
    expect(error).toMatchObject({ type: 'invalid_request', param: null })
    expect(error.message).not.toContain('FST')
  })
})
