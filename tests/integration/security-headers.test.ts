import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpCall } from '../support/http-call.ts'
import { generate } from '../support/image-calls.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway
let image: string

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_TRUST_PROXY: '127.0.0.2' } })
  const { key, client } = await gateway.addUser()
  await gateway.addAgent({ key, services: [{}] })
  image = new URL((await generate(client, { size: '64x64' })).data[0]!.url).pathname
})

afterAll(() => gateway.close())

describe('every answer', () => {
  it.each([
    ['/', 200],
    ['/sign-in', 200],
    ['/theme.js', 200],
    ['/docs', 200],
    ['/docs/', 200],
    ['/docs/nothing', 404],
    ['/openapi.json', 200],
    ['/healthz', 200],
    ['/v1/models', 401],
    ['/v1/nothing', 404],
    ['/v1/jobs/%zz', 400],
    ['/api/dashboard/session', 200],
    ['/api/auth/nothing', 404],
    ['/api/agent/connect', 426]
  ])('says what browsers may do with it: %s', async (path, status) => {
    const response = await gateway.call(path, { headers: { accept: 'text/html' } })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
    expect(response.headers.get('content-security-policy')).toMatch(/default-src '(none|self)'/)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('x-frame-options')).toBe('DENY')
    expect(response.headers.get('referrer-policy')).toBe('same-origin')
    expect(response.headers.get('strict-transport-security')).toBeNull()
  })

  it('of images lets other pages show them, and run nothing of theirs', async () => {
    const { headers } = await gateway.call(image)
    expect(headers.get('content-security-policy')).toContain('sandbox')
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('over https asks browsers to stay with it, unless the host has other sites', async () => {
    for (const [url, expected] of [
      ['https://club.example', 'max-age=31536000'],
      ['https://host.example/club', null],
      ['http://club.example', null]
    ] as const) {
      const configured = await startTestGateway({ env: { INFERENCE_CLUB_PUBLIC_URL: url } })
      for (const path of ['/healthz', '/v1/models', '/nothing']) {
        expect((await configured.call(path)).headers.get('strict-transport-security')).toBe(expected)
      }
      await configured.close()
    }
  })
})

describe('a call by a name that is not ours', () => {
  const by = (host: string, path = '/v1/models') => httpCall(gateway.url + path, { host })

  it.each(['/', '/v1/models', '/metrics', '/api/dashboard/session', '/docs', '/api/agent/connect'])(
    'is refused in words at %s',
    async (path) => {
      const answer = await by('evil.example:8080', path)
      expect(answer.status).toBe(421)
      expect(answer.text).toContain("does not answer to 'evil.example'")
      expect(answer.text).toContain('INFERENCE_CLUB_ALLOWED_HOSTS')
    }
  )

  it.each(['localhost', '192.168.1.5:8080', '[::1]:8080', 'nas', 'nas.local'])('is not one by %s', async (host) => {
    expect((await by(host, '/healthz')).status).toBe(200)
  })

  it('cannot be hidden by who is no proxy', async () => {
    const response = await httpCall(`${gateway.url}/healthz`, { host: 'evil.example', 'x-forwarded-host': 'localhost' })
    expect(response.status).toBe(421)
  })

  it('is refused to agents as well', async () => {
    const { key } = await gateway.addUser()
    const answer = await httpCall(`${gateway.url}/api/agent/connect`, {
      host: 'evil.example',
      authorization: `Bearer ${key}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=='
    })
    expect(answer.status).toBe(421)
  })
})

describe('behind a content delivery network', () => {
  it.each([
    ['one that a trusted proxy names', { INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1' }, { 'cf-ray': '8f1-FRA' }, true],
    ['one that anybody names', {}, { 'cf-ray': '8f1-FRA' }, false],
    ['none', { INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1' }, {}, false],
    ['one that the operator names', { INFERENCE_CLUB_CDN: 'on' }, {}, true],
    [
      'none, says the operator',
      { INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1', INFERENCE_CLUB_CDN: 'off' },
      { 'cf-ray': '1' },
      false
    ]
  ])('waits end in time and errors keep their body: %s', async (_what, env, headers, isCdn) => {
    const club = await startTestGateway({
      env: {
        ...env,
        INFERENCE_CLUB_LIMITS_SYNC_TIMEOUT: isCdn ? '60s' : '300ms',
        INFERENCE_CLUB_LIMITS_CDN_TIMEOUT: isCdn ? '300ms' : '60s'
      }
    })
    const { key } = await club.addUser()
    await club.addAgent({
      key,
      services: [{ models: [{ id: 'slow', servedAs: 'demo', features: ['generate'] }], options: { step_time: '1s' } }]
    })
    const ask = (model: string) =>
      club.call('/v1/images/generations', { key, headers, json: { model, prompt: 'a fox', size: '64x64', steps: 50 } })
    const late = await ask('slow')
    expect(late.status).toBe(isCdn ? 503 : 504)
    expect(late.headers.get('x-should-retry')).toBe('false')
    const timeout = await readError(late)
    expect(timeout.code).toBe('timeout')
    expect(timeout.message).toMatch(/'req_\w+'/)
    await club.close()
  })
})
