import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import OpenAI from 'openai'
import { generate, SMALL } from '../support/image-calls.ts'
import { openRawConnection } from '../support/raw-connection.ts'
import { readError, type WireError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let user: TestUser
beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser({ role: 'admin', scopes: ['generate', 'agent', 'usage'] })
  await gateway.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
})
afterAll(() => gateway.close())

const GENERATIONS = '/v1/images/generations'
const EDITS = '/v1/images/edits'

describe('slashes in a row', () => {
  it.each(['//v1/images/generations', '/v1//images///generations/', '/v1/images/generations//'])(
    'are one: %s',
    async (path) => {
      expect((await gateway.call(path, { key: user.key, json: SMALL })).status).toBe(200)
    }
  )

  it('come of a base URL that ends in one', async () => {
    const client = new OpenAI({ apiKey: user.key, baseURL: `${gateway.url}/v1/`, maxRetries: 0 })
    expect((await generate(client)).data).toHaveLength(1)
    expect((await gateway.call('/v1/jobs?after=//', { key: user.key })).status).toBe(400)
  })
})

describe('a path that is nearly right', () => {
  it.each([
    ['/v1/v1/images/generations', GENERATIONS],
    ['/images/generations', GENERATIONS],
    ['/api/v1/images/generations', GENERATIONS],
    ['/openai/images/generations/', GENERATIONS],
    ['/v1/images/generation', GENERATIONS],
    ['/v1/image/generations', GENERATIONS],
    ['/v1/images/edit', EDITS],
    ['/generations', GENERATIONS],
    ['/models', '/v1/models'],
    ['/models/org/flux', '/v1/models/org/flux'],
    ['/jobs/req_1/cancel', '/v1/jobs/req_1/cancel'],
    ['/v1/v1/batches', '/v1/batches']
  ])('%s is not found, and %s is named', async (path, meant) => {
    const response = await gateway.call(path, { key: user.key, method: 'POST', body: '{}' })
    expect(response.status).toBe(404)
    const error = await readError(response)
    expect(error.code).toBe('not_found')
    expect(error.message).toBe(`There is nothing at this path that takes POST. Did you mean ${meant}?`)
  })

  it.each(['/v1/nothing', '/v1/chat', '/v1/completionsx', '/', '/v1', `/v1/${'x'.repeat(10_000)}`])(
    'is not %s',
    async (path) => {
      const response = await gateway.call(path, { key: user.key, method: 'POST', body: '{}' })
      expect(response.status).toBe(404)
      expect((await readError(response)).message).not.toContain('Did you mean')
    }
  )
})

describe('a path of OpenAI for something else', () => {
  it.each([
    ['/v1/chat/completions', '/v1/chat/completions'],
    ['/v1/chat/completions/', '/v1/chat/completions'],
    ['/v1//chat/completions?x=1', '/v1/chat/completions'],
    ['/chat/completions', '/v1/chat/completions'],
    ['/v1/v1/embeddings', '/v1/embeddings'],
    ['/v1/responses/resp_1/cancel', '/v1/responses'],
    ['/v1/audio/speech', '/v1/audio/speech']
  ])('%s is told that images alone are made here, and where', async (path, missing) => {
    const response = await gateway.call(path, { key: user.key, json: { model: 'gpt', messages: [] } })
    expect(response.status).toBe(404)
    const { code, message } = await readError(response)
    expect(code).toBe('not_found')
    expect(message).toBe(
      `This gateway makes images only, and has no ${missing}. Images are made with POST /v1/images/generations.`
    )
  })

  it('reaches programs as the error of their client', async () => {
    const client = new OpenAI({ apiKey: user.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    const call = client.chat.completions.create({ model: 'gpt', messages: [{ role: 'user', content: 'a fox' }] })
    await expect(call).rejects.toMatchObject({ status: 404, message: expect.stringContaining('images only') as string })
  })
})

describe('a body of another type', () => {
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'image/png', undefined])(
    '%s on edits is told what they take, a form first',
    async (type) => {
      const body = type === undefined ? new Blob(['x']) : 'x'
      const response = await gateway.call(EDITS, {
        method: 'POST',
        key: user.key,
        body,
        headers: { ...(type !== undefined && { 'content-type': type }) }
      })
      expect(response.status).toBe(415)
      const { code, message } = await readError(response)
      expect(code).toBe('unsupported_media_type')
      expect(message).toMatch(/multipart\/form-data.*application\/json/)
    }
  )

  it('none at all on edits is told the same', async () => {
    const response = await gateway.call(EDITS, { method: 'POST', key: user.key })
    expect((await readError(response)).message).toContain('multipart/form-data')
  })

  it.each([
    ['PUT', GENERATIONS],
    ['PUT', '/v1/models'],
    ['PATCH', '/v1/batches'],
    ['POST', '/v1/models'],
    ['POST', '/healthz']
  ])('with a method that is not possible is told of the method: %s %s', async (method, path) => {
    for (const headers of [FORM, { 'content-type': 'application/json' }]) {
      const response = await gateway.call(path, { method, key: user.key, body: 'a=b', headers })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBeTruthy()
      expect((await readError(response)).code).toBe('method_not_allowed')
    }
  })

  it.each([
    ['POST', '/api/auth/get-session', 'GET'],
    ['PUT', '/api/auth/sign-in/email?x=1', 'POST'],
    ['GET', '/api/auth/sign-up/email', 'POST'],
    ['DELETE', '/api/auth/callback/github', 'GET'],
    ['PATCH', '/api/auth/sign-out', 'POST']
  ])('is told the same where people sign in: %s %s', async (method, path, allow) => {
    for (const headers of [FORM, { 'content-type': 'application/json' }]) {
      const response = await gateway.call(path, { method, headers, ...(method !== 'GET' && { body: 'a=b' }) })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe(allow)
      expect(await response.json()).toEqual({
        code: 'method_not_allowed',
        message: `${method} is not possible here. Use ${allow}.`
      })
    }
  })

  it.each(['GET', 'POST', 'PUT'])('is none of an endpoint for signing in that is not there: %s', async (method) => {
    const response = await gateway.call('/api/auth/delete-user', { method })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'not_found' })
  })

  it('is told to HEAD in a header alone where people sign in', async () => {
    const response = await gateway.call('/api/auth/get-session', { method: 'HEAD' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET'])
  })

  it('is none where the body is empty', async () => {
    const response = await gateway.call('/v1/jobs/req_1/cancel', {
      method: 'POST',
      key: user.key,
      body: '',
      headers: FORM
    })
    expect(response.status).toBe(404)
  })
})

describe('OPTIONS', () => {
  it.each([
    [GENERATIONS, 'POST, OPTIONS'],
    ['/v1/models/org/model', 'GET, HEAD, OPTIONS'],
    ['/v1/jobs/req_1', 'DELETE, GET, HEAD, PATCH, OPTIONS'],
    ['/api/inference/assets/ast_1/', 'GET, HEAD, OPTIONS'],
    ['/api/dashboard/keys', 'GET, HEAD, POST, OPTIONS'],
    ['/api/auth/get-session', 'GET, OPTIONS'],
    ['/api/auth/sign-in/email?x=1', 'POST, OPTIONS'],
    ['/api/auth/sign-up/email', 'POST, OPTIONS'],
    ['/healthz', 'GET, HEAD, OPTIONS'],
    ['/openapi.json', 'GET, HEAD, OPTIONS']
  ])('without anything of a preflight tells what %s allows', async (path, allow) => {
    const response = await gateway.call(path, { method: 'OPTIONS' })
    expect(response.status).toBe(204)
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(allow.split(', ').sort())
  })
})

describe('OPTIONS of what is not there', () => {
  it.each(['/nothing', '/api/dashboard/nothing', '/api/nothing'])('is 404 at %s', async (path) => {
    const response = await gateway.call(path, { method: 'OPTIONS' })
    expect(response.status).toBe(404)
    expect(await readError(response)).toMatchObject({ code: 'not_found' })
  })

  it('is answered below /v1, so that pages of other origins may read what is said to the call itself', async () => {
    const headers = { origin: 'https://page.example', 'access-control-request-method': 'POST' }
    const preflight = await gateway.call('/v1/nothing', { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    const elsewhere = await gateway.call('/api/dashboard/keys', { method: 'OPTIONS', headers })
    expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull()
  })

  it.each(['/api/auth/nothing', '/api/auth', '/api/auth/toString'])(
    'is 404 in the words of sign-in at %s',
    async (path) => {
      const response = await gateway.call(path, { method: 'OPTIONS' })
      expect(response.status).toBe(404)
      expect(await response.json()).toEqual({ code: 'not_found', message: expect.stringMatching(/OPTIONS/) as string })
    }
  )
})

describe('what is not even a request', () => {
  /** What is answered to these bytes. */
  async function answerTo(text: string): Promise<{ status: number; error: WireError }> {
    const connection = await openRawConnection(gateway.url)
    try {
      await connection.send(text)
      const { status, head, text: body } = await connection.answer()
      expect(head).toMatch(/^x-request-id: xid_/im)
      expect(head).toMatch(/^content-type: application\/json/im)
      return { status, error: (JSON.parse(body) as { error: WireError }).error }
    } finally {
      connection.end()
    }
  }

  it.each([
    ['nonsense', 'hello\r\n\r\n', 400, 'invalid_request'],
    ['a header that is none', 'GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n', 400, 'invalid_request'],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'request_too_large'
    ],
    [
      'a damaged chunk',
      `POST ${GENERATIONS} HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
      400,
      undefined
    ]
  ])('%s is answered in the shape of every error', async (_what, text, status, code) => {
    const answer = await answerTo(text)
    if (code === undefined) return expect([400, 401]).toContain(answer.status)
    expect(answer).toMatchObject({ status, error: { code, type: code, param: null } })
    expect(answer.error.message).toMatch(/\S/)
  })

  it('may go on arriving when it has been refused, so that the answer is not lost to a caller who writes first', async () => {
    const connection = await openRawConnection(gateway.url)
    await connection.send(`GET / HTTP/1.1\r\nHost: x\r\nx-long: ${'x'.repeat(20_000)}`)
    for (let piece = 0; piece < 5; piece++) {
      // Answered on another connection, so what was sent on this one has been seen.
      expect((await gateway.call('/healthz')).status).toBe(200)
      await connection.send('x'.repeat(20_000))
    }
    expect((await connection.answer()).status).toBe(431)
    connection.end()
  })
})

describe('a query', () => {
  it.each(['/v1/jobs?status=gr%FCn', '/v1/jobs?x=%93%fa', '/v1/models?%ff'])('%s is not UTF-8', async (path) => {
    const response = await gateway.call(path, { key: user.key })
    expect(response.status).toBe(400)
    expect((await readError(response)).message).toContain('UTF-8')
  })

  it('may hold a percent sign by itself', async () => {
    expect((await gateway.call('/v1/models?discount=100%&x=%C3%BC', { key: user.key })).status).toBe(200)
  })

  const usage = async (query: string) => {
    const response = await gateway.call(`/v1/organization/usage/images?start_time=1${query}`, { key: user.key })
    return { status: response.status, param: response.ok ? null : (await readError(response)).param }
  }
  const many = (name: string, count: number, value: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => `&${name}=${value(index)}`).join('')

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('groups by nothing named %s', async (name) => {
    expect(await usage(`&group_by=${name}`)).toEqual({ status: 400, param: 'group_by' })
    expect(await usage(`&sources[]=${name}`)).toEqual({ status: 400, param: 'sources' })
  })

  it.each(['sizes', 'models', 'user_ids', 'api_key_ids', 'provider_ids'])(
    'lists a hundred %s at most',
    async (name) => {
      const value = (index: number) => (name === 'sizes' ? `${16 + index}x16` : `m${index}`)
      expect((await usage(many(name, 100, value))).status).toBeLessThan(404)
      expect(await usage(many(name, 101, value))).toEqual({ status: 400, param: name })
      expect(await usage(many(`${name}[]`, 500, value))).toEqual({ status: 400, param: name })
      if (name !== 'sizes') expect(await usage(`&${name}=${'x'.repeat(201)}`)).toEqual({ status: 400, param: name })
    }
  )
})
