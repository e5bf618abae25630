import OpenAI, {
  type APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError
} from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpCall } from '../support/http-call.ts'
import { generate, getJob, SMALL } from '../support/image-calls.ts'
import { apiErrorOf, readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const GENERATIONS = '/v1/images/generations'
const MAX_BODY_BYTES = 256 * 1024
const MAX_PROMPT_CHARS = 32_000

let gateway: TestGateway
/** Of tests that only send what is refused. */
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_MAX_BODY_BYTES: String(MAX_BODY_BYTES) } })
  user = await gateway.addUser()
  await gateway.addAgent({
    key: user.key,
    services: [{ concurrency: 2 }, { models: [{ id: 'other', servedAs: 'demo', features: ['generate'] }] }]
  })
})

afterAll(() => gateway.close())

type ErrorClass = abstract new (...parameters: never[]) => APIError

async function expectRefused(
  fields: Record<string, unknown>,
  wanted: { status: number; code: string; param?: string | null; of?: ErrorClass; client?: OpenAI }
): Promise<APIError> {
  const error = await apiErrorOf(generate(wanted.client ?? user.client, fields))
  expect(error).toMatchObject({ status: wanted.status, code: wanted.code, type: wanted.code })
  expect(error.param).toBe(wanted.param ?? null)
  expect(error).toBeInstanceOf(wanted.of ?? BadRequestError)
  return error
}

const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  gateway.call(GENERATIONS, {
    method: 'POST',
    key: user.key,
    body,
    headers: { 'content-type': 'application/json', ...headers }
  })

describe('fields that are missing or wrong', () => {
  it.each([undefined, null, '', '   ', '\n\t'])('prompt %j', async (prompt) => {
    await expectRefused({ prompt }, { status: 400, code: 'missing_prompt', param: 'prompt' })
  })

  it.each([undefined, null, '', '  '])('model %j', async (model) => {
    const error = await expectRefused({ model }, { status: 400, code: 'missing_model', param: 'model' })
    expect(error.message).toContain('GET /v1/models')
  })

  it.each([
    ['prompt', 7],
    ['prompt', ['a fox']],
    ['model', 7],
    ['n', 0],
    ['n', -1],
    ['n', '0'],
    ['n', 1.5],
    ['n', '1.5'],
    ['n', 'two'],
    ['n', ' '],
    ['n', true],
    ['n', [2]],
    ['response_format', 'png'],
    ['response_format', 'URL'],
    ['response_format', 1],
    ['async', 'maybe'],
    ['async', 2],
    ['output_format', 'gif'],
    ['output_compression', 101],
    ['output_compression', -1],
    ['output_compression', 'high'],
    ['background', 'green'],
    ['moderation', 'none'],
    ['quality', 1],
    ['seed', -2],
    ['seed', 'NaN'],
    ['seed', 0.5],
    ['steps', 0],
    ['guidance_scale', 'much'],
    ['visibility', 'HIDDEN']
  ])('%s %j', async (name, value) => {
    const error = await expectRefused({ [name]: value }, { status: 400, code: 'invalid_request', param: name })
    expect(error.message).toContain(`'${name}'`)
  })

  it.each(['ftp://example.org/hook', 'example.org', 'https://me:secret@example.org/hook', 7])(
    'webhook_url %j',
    async (url) => {
      const wanted = { status: 400, code: 'invalid_request', param: 'webhook_url' }
      const error = await expectRefused({ webhook_url: url, async: true }, wanted)
      expect(error.message).not.toContain('secret')
    }
  )

  it('webhook_url for a call that waits', async () => {
    const fields = { webhook_url: 'https://example.org/hook' }
    await expectRefused(fields, { status: 400, code: 'invalid_request', param: 'webhook_url' })
  })

  it('an image where no field takes one, by its size', async () => {
    const response = await send(
      JSON.stringify({ ...SMALL, seed: 1, control_image: `data:image/png;base64,${'A'.repeat(65_536)}` })
    )
    expect(response.status).toBe(413)
    expect(await readError(response)).toMatchObject({ code: 'request_too_large', param: 'control_image' })
  })

  it.each(['something', 'size', 'n', 'prompt'])('%s, nested without end', async (name) => {
    const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    const body = `{${JSON.stringify({ ...SMALL, [name]: undefined }).slice(1, -1)},"${name}":${nested}}`
    const response = await send(body)
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: name })
  })

  it('a transparent jpeg', async () => {
    const fields = { background: 'transparent', output_format: 'jpeg' }
    await expectRefused(fields, { status: 400, code: 'invalid_request', param: 'background' })
  })

  it.each([
    ...['1024', '1024x', 'x1024', '0x0', '0x64', '-64x64', '64*64', '64 x 64', '64.5x64', '1e2x64', 'large', '064x64'],
    ...[
      '15x64',
      '64x15',
      '16385x16',
      '16x16385',
      '99999999999x99999999999',
      '٦٤x٦٤',
      '64x64x64',
      `${'6'.repeat(999)}x`
    ],
    ...[64, true, ['64x64'], { width: 64, height: 64 }]
  ])('size %j', async (size) => {
    await expectRefused({ size }, { status: 400, code: 'invalid_size', param: 'size' })
  })

  it('more pixels than the limit', async () => {
    const error = await expectRefused({ size: '4096x4097' }, { status: 400, code: 'invalid_size', param: 'size' })
    expect(error.message).toContain('16777216')
  })
})

describe('the length of a prompt', () => {
  it.each([
    ['letters', 'f'],
    ['emoji, which are two UTF-16 units each', '🦊']
  ])('is counted in code points: %s', async (_name, character) => {
    const { client } = await gateway.addUser()
    const { data } = await generate(client, { prompt: character.repeat(MAX_PROMPT_CHARS) })
    expect(data).toHaveLength(1)
    const error = await expectRefused(
      { prompt: character.repeat(MAX_PROMPT_CHARS + 1) },
      { status: 413, code: 'request_too_large', param: 'prompt', of: OpenAI.APIError }
    )
    expect(error.message).toContain(String(MAX_PROMPT_CHARS))
  })
})

describe('the body', () => {
  it.each([
    ...['', '{', '{"prompt": "a", }', "{'prompt': 'a'}", 'prompt=a', '{"prompt": "a"} {}', '\u0000'],
    ...['{"__proto__": {"prompt": "a"}}', '{"constructor": {"prototype": {}}}', '[1, 2']
  ])('%j is not JSON', async (body) => {
    const response = await send(body)
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ code: 'invalid_json', param: null })
  })

  it.each(['[]', '"a fox"', '7', 'null', 'true'])('%j is no object', async (body) => {
    const response = await send(body)
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: null })
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'image/png',
    'multipart/form-data; boundary=x'
  ])('as %s is not taken', async (type) => {
    const response = await send(JSON.stringify(SMALL), { 'content-type': type })
    expect(response.status).toBe(415)
    const error = await readError(response)
    expect(error).toMatchObject({ code: 'unsupported_media_type', param: null })
    expect(error.message).toContain('application/json')
  })

  it.each(['application/json; charset=utf-8', 'Application/JSON'])('as %s is taken', async (type) => {
    expect((await send(JSON.stringify(SMALL), { 'content-type': type })).status).toBe(200)
  })

  it('may be as large as the limit and no byte larger', async () => {
    const ofSize = (bytes: number) => JSON.stringify(SMALL).padEnd(bytes, ' ')
    expect((await send(ofSize(MAX_BODY_BYTES))).status).toBe(200)
    const response = await send(ofSize(MAX_BODY_BYTES + 1))
    expect(response.status).toBe(413)
    const error = await readError(response)
    expect(error).toMatchObject({ code: 'request_too_large', param: null })
    expect(error.message).toContain(String(MAX_BODY_BYTES))
  })
})

describe('a model that nobody serves', () => {
  it('is answered with those that are there', async () => {
    const error = await expectRefused(
      { model: 'sdxl' },
      { status: 404, code: 'no_provider', param: 'model', of: NotFoundError }
    )
    expect(error.message).toContain("'sdxl'")
    expect(error.message).toContain("'demo'")
    expect(error.message).toContain("'other'")
  })

  it('is refused for a job too when no known provider has it', async () => {
    await expectRefused(
      { model: 'sdxl', async: true },
      { status: 404, code: 'no_provider', param: 'model', of: NotFoundError }
    )
  })
})

describe('the API key', () => {
  const expectUnknown = async (response: Response) => {
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await readError(response)).toMatchObject({ code: 'invalid_api_key', param: null })
  }

  it.each([
    ['missing', undefined],
    ['empty', 'Bearer '],
    ['unknown', `Bearer ic_${'a'.repeat(40)}`],
    ['of another kind', 'Bearer sk-0123456789'],
    ['of another scheme', 'Basic aWNfYTpi']
  ])('%s', async (_name, authorization) => {
    const headers = authorization === undefined ? {} : { authorization }
    await expectUnknown(await gateway.call(GENERATIONS, { json: SMALL, headers }))
    await expectUnknown(await gateway.call('/v1/models', { headers }))
    await expectUnknown(await gateway.call('/v1/jobs/req_1', { headers }))
  })

  it('expired or revoked', async () => {
    const expired = await gateway.addUser({ expiresAt: Date.now() - 1 })
    await expectUnknown(await gateway.call(GENERATIONS, { key: expired.key, json: SMALL }))
    const revoked = await gateway.addUser()
    await gateway.gateway.context.apiKeys.revoke(revoked.keyId)
    await expectUnknown(await gateway.call(GENERATIONS, { key: revoked.key, json: SMALL }))
  })

  it('reaches users of the client as its own error class, and is never repeated in the message', async () => {
    const apiKey = `ic_${'b'.repeat(40)}`
    const client = new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })
    const error = await expectRefused({}, { status: 401, code: 'invalid_api_key', of: AuthenticationError, client })
    expect(error.message).not.toContain(apiKey)
  })

  it('is looked at before the body', async () => {
    const response = await gateway.call(GENERATIONS, { method: 'POST', body: '{', headers: { 'content-type': 'x/y' } })
    await expectUnknown(response)
  })

  it('that may not do this', async () => {
    const { client } = await gateway.addUser({ scopes: ['agent', 'usage'] })
    const wanted = { status: 403, code: 'permission_denied', of: PermissionDeniedError, client }
    const error = await expectRefused({}, wanted)
    expect(error.message).toContain("'generate'")
  })
})

describe('paths and methods', () => {
  it.each(['/v1', '/v1/', '/v1/nothing', '/v1/images', '/v1/images/generations/more', '/v1/jobs/a/b', '/v2/models'])(
    '%s leads nowhere',
    async (path) => {
      for (const key of [user.key, undefined]) {
        const response = await gateway.call(path, key === undefined ? {} : { key })
        expect(response.status).toBe(404)
        expect(await readError(response)).toMatchObject({ code: 'not_found', param: null })
      }
    }
  )

  it('a path that cannot be decoded, or with an endless id', async () => {
    const badlyEncoded = await gateway.call('/v1/models/%zz', { key: user.key })
    expect(badlyEncoded.status).toBe(400)
    expect((await readError(badlyEncoded)).code).toBe('invalid_request')
    const endless = await gateway.call(`/v1/jobs/${'a'.repeat(5000)}`, { key: user.key })
    expect(endless.status).toBe(404)
    expect((await readError(endless)).code).toBe('not_found')
  })

  it('a job or a model that is not there', async () => {
    const job = await apiErrorOf(getJob(user.client, 'req_0000000000000000000000000'))
    expect(job).toMatchObject({ status: 404, code: 'not_found' })
    const model = await apiErrorOf(user.client.models.retrieve('nobody/has-it'))
    expect(model).toBeInstanceOf(NotFoundError)
    expect(model.message).toContain('nobody/has-it')
  })

  it.each([
    ['GET', GENERATIONS, 'POST'],
    ['DELETE', `${GENERATIONS}/`, 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/demo', 'GET, HEAD'],
    ['PATCH', '/v1/jobs/req_1/events', 'GET']
  ])('%s %s', async (method, path, allowed) => {
    for (const init of [{ key: user.key }, {}]) {
      const response = await gateway.call(path, { method, ...init })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe(allowed)
      expect(await readError(response)).toMatchObject({ code: 'method_not_allowed', param: null })
    }
  })
})

describe('a header `Expect`', () => {
  it.each(['100-continue', 'a miracle'])('%s is nothing that a call fails by', async (expectation) => {
    const answer = await httpCall(`${gateway.url}/v1/models`, {
      authorization: `Bearer ${user.key}`,
      expect: expectation
    })
    expect(answer.status).toBe(200)
    expect(answer.headers['x-request-id']).toMatch(/^xid_/)
  })
})
