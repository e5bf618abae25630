import type { FastifyInstance } from 'fastify'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { createHttpApp } from '../../src/http/app.ts'
import type { HttpContext } from '../../src/http/http-context.ts'
import { EDGE_LIMITS } from '../../src/lib/edge-limits.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import { VERSION } from '../../src/lib/version.ts'
import { errors } from '../../src/lib/errors.ts'
import { SCOPES } from '../../src/lib/principal.ts'
import { generate } from '../support/image-calls.ts'
import { readJobEvents } from '../support/job-events.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_METRICS_ADDRESSES: '127.0.0.0/8' } })
})

afterAll(() => gateway.close())

/** The application without a port and without a gateway behind it: for what a running one cannot be brought to say. */
async function withApp<T>(
  context: Partial<HttpContext> & { env?: Record<string, string> },
  use: (app: FastifyInstance) => Promise<T>
): Promise<T> {
  const { env = {}, ...parts } = context
  const bare: Partial<HttpContext> = {
    config: loadConfig(env),
    version: VERSION,
    webDir: 'never-built',
    logger: silentLogger(),
    durable: async () => undefined,
    findFault: () => undefined,
    isDraining: () => false,
    metrics: { contentType: 'text/plain', text: async () => '', observe: () => undefined }
  }
  const app = await createHttpApp({
    edge: EDGE_LIMITS,
    ...bare,
    ...parts
  } as HttpContext)
  try {
    return await use(app)
  } finally {
    await app.close()
  }
}

describe('health', () => {
  it('is alive and ready, without a key and without a provider', async () => {
    const alive = await gateway.call('/healthz')
    expect([alive.status, await alive.json()]).toEqual([200, { status: 'ok' }])
    const ready = await gateway.call('/readyz')
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
  })

  it('is not ready while it stops, or when something it needs is not there', async () => {
    const checkReady = async () => undefined
    const broken = async () => {
      throw new Error('ENOSPC: no space left on device, open /var/lib/club/.writable')
    }
    for (const parts of [
      { checkReady, isDraining: () => true },
      { checkReady: broken, isDraining: () => false }
    ]) {
      await withApp(parts, async (app) => {
        const response = await app.inject('/readyz')
        expect(response.statusCode).toBe(503)
        expect(Number(response.headers['retry-after'])).toBeGreaterThan(0)
        expect(response.json()).toMatchObject({ status: 'not ready', problem: expect.any(String) })
        expect(response.body).not.toContain('/var')
      })
    }
  })
})

describe('metrics', () => {
  it('come in the format of Prometheus, to a listed address without a key', async () => {
    const { key } = await gateway.addUser()
    await gateway.call('/v1/models', { key })
    await gateway.call('/v1/nothing')
    const response = await gateway.call('/metrics')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain\b/)
    const text = await response.text()
    expect(text).toMatch(/^inference_club_agents_online 0$/m)
    expect(text).toMatch(/^inference_club_free_space_bytes [1-9]/m)
    expect(text).toMatch(/^inference_club_database_log_bytes [1-9]\d*$/m)
    for (const figure of ['', '_min', '_max', '_mean', '_stddev', '_p50', '_p90', '_p99']) {
      const [, seconds] = new RegExp(`^nodejs_eventloop_lag${figure}_seconds (\\S+)$`, 'm').exec(text) ?? []
      // Of prom-client's own watch, which never looks, they would be NaN and 9e9.
      expect(Number(seconds)).toBeLessThan(60)
    }
    const count = 'inference_club_http_request_duration_seconds_count'
    expect(text).toMatch(new RegExp(`^${count}\\{method="GET",route="/v1/models",status="200"\\} [1-9]`, 'm'))
    // Paths that lead nowhere are one series, however many there are.
    expect(text).not.toContain('/v1/nothing')
  })

  it.each(['x-forwarded-for', 'forwarded'])('come through a proxy (%s) to admin keys only', async (header) => {
    const through = (key?: string) =>
      gateway.call('/metrics', { headers: { [header]: '203.0.113.7' }, ...(key !== undefined && { key }) })
    const [member, admin] = [await gateway.addUser(), await gateway.addUser({ role: 'admin', scopes: [...SCOPES] })]
    const nobody = await through()
    expect([nobody.status, (await readError(nobody)).code]).toEqual([401, 'invalid_api_key'])
    const refused = await through(member.key)
    expect([refused.status, (await readError(refused)).code]).toEqual([403, 'permission_denied'])
    const allowed = await through(admin.key)
    expect(allowed.status).toBe(200)
    expect(await allowed.text()).toContain('inference_club_')
  })
})

describe('operations', () => {
  it('are told with their outcome by metrics and log, and prompts by neither', async () => {
    const lines: string[] = []
    const watched = await startTestGateway({
      env: { INFERENCE_CLUB_METRICS_ADDRESSES: '127.0.0.0/8' },
      logger: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
    })
    try {
      const user = await watched.addUser()
      await watched.addAgent({ key: user.key, services: [{}] })
      const prompt = 'a most secret fox'
      const json = { model: 'demo', prompt, size: '32x32', async: true }
      const ask = async (path: string, json?: unknown) =>
        (await (await watched.call(path, { key: user.key, method: 'POST', json })).json()) as { id: string }
      const { id } = await ask('/v1/images/generations', json)
      await watched.drain()
      await ask(`/v1/jobs/${id}/retry`)
      const wrongKey = `ic_${'0'.repeat(40)}`
      await watched.call('/v1/models', { key: wrongKey })

      const told = lines
        .map(
          (line) => JSON.parse(line) as { operation?: string; outcome: string; ms: number; ids: object; level: number }
        )
        .filter(({ operation }) => operation !== undefined)
      const one = (name: string) => told.filter(({ operation }) => operation === name).at(-1)
      const [debug, info] = [20, 30]
      expect(one('requests.submit')).toMatchObject({ outcome: 'ok', level: debug, ids: { usr: user.id, req: id } })
      expect(one('requests.finish')).toMatchObject({ outcome: 'ok', level: debug, ids: { req: id } })
      expect(one('requests.retry')).toMatchObject({ outcome: 'conflict', level: info, ids: { usr: user.id, req: id } })
      expect(Number.isInteger(one('requests.claim')?.ms)).toBe(true)
      expect(one('requests.followClock')).toBeUndefined()
      expect(one('apiKeys.create')).toMatchObject({ outcome: 'ok', ids: { usr: user.id, key: user.keyId } })
      expect(one('keyGuard.authenticate')).toMatchObject({ outcome: 'invalid_api_key', level: info, ids: {} })
      for (const secret of [prompt, user.key, user.webhookSecret, wrongKey, user.email]) {
        expect(lines.join('')).not.toContain(secret)
      }

      const text = await (await watched.call('/metrics')).text()
      const counted = (name: string, outcome: string) =>
        new RegExp(`^inference_club_operations_total\\{operation="${name}",outcome="${outcome}"\\} 1$`, 'm')
      expect(text).toMatch(counted('requests.submit', 'ok'))
      expect(text).toMatch(counted('requests.retry', 'conflict'))
      expect(text).toMatch(counted('keyGuard.authenticate', 'invalid_api_key'))
      expect(text).toMatch(/^inference_club_operation_duration_seconds_count\{operation="requests.finish"\} 1$/m)
      expect(text).not.toContain(id)
    } finally {
      await watched.close()
    }
  })
})

describe('metrics where no address is listed', () => {
  it('are for the keys of admins alone, also on this machine', async () => {
    await withApp({ keyGuard: { authenticate: async () => Promise.reject(errors.invalidApiKey()) } }, async (app) => {
      expect((await app.inject('/metrics')).statusCode).toBe(401)
    })
  })
})

interface ApiDocument {
  openapi: string
  info: { version: string }
  paths: Record<string, Record<string, { summary?: string; responses?: Record<string, unknown> }>>
}

/** Every path of the application as the document spells it, read from the router itself. */
function routesOf(app: FastifyInstance): string[] {
  const parents: string[] = []
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = ''] = /^([│ ]*)[├└]── (\S+) \(/.exec(line) ?? []
      if (part === '') return []
      const depth = indent.length / 4
      const path = (parents[depth - 1] ?? '') + (part.startsWith('/') ? part : `/${part}`)
      parents.length = depth
      parents.push(path)
      return [
        path
          .replace('//', '/')
          .replaceAll(/:(\w+)/g, '{$1}')
          .replace('*', '{id}')
      ]
    })
}

describe('the API document', () => {
  const read = async () => (await (await gateway.call('/openapi.json')).json()) as ApiDocument

  it('has every route of the API, and only those', async () => {
    const document = await read()
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(document.info.version).toBe(VERSION)
    const routes = await withApp({}, async (app) => routesOf(app).filter((path) => path.startsWith('/v1/')))
    expect(routes).toContain('/v1/images/generations')
    // And the URL that answers hold, and the question whether an image was made here.
    const others = ['/api/inference/assets/{id}/', '/api/provenance']
    expect(Object.keys(document.paths).sort()).toEqual([...routes, ...others].sort())
  })

  it('has the methods that the server takes, each with a summary and its errors', async () => {
    for (const [path, operations] of Object.entries((await read()).paths)) {
      const response = await gateway.call(path.replace('{id}', 'x'), { method: 'PUT' })
      expect(response.status).toBe(405)
      const allowed = (response.headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD')
      expect(Object.keys(operations).map((method) => method.toUpperCase())).toEqual(allowed)
      for (const [method, { summary, responses }] of Object.entries(operations)) {
        expect(summary, `${method} ${path}`).toMatch(/\S/)
        expect(Object.keys(responses ?? {}), `${method} ${path}`).toEqual(
          expect.arrayContaining(['401', '429', '500', 'default'])
        )
      }
    }
  })

  it('can be read as a page', async () => {
    for (const path of ['/docs', '/docs/']) {
      const response = await gateway.call(path)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^text\/html\b/)
      expect(await response.text()).toContain('API reference')
    }
  })
})

describe('pages of other origins', () => {
  const ORIGIN = 'https://app.example.org'
  const STAINLESS = ['lang', 'package-version', 'os', 'arch', 'runtime', 'runtime-version', 'retry-count', 'timeout']
  const HEADERS = ['authorization', 'content-type', ...STAINLESS.map((name) => `x-stainless-${name}`)]

  it.each(['/v1/images/generations', '/v1/models', '/v1/models/org/model', '/v1/jobs/req_1', '/v1/nothing'])(
    'may call %s with the headers of the official client',
    async (path) => {
      const response = await gateway.call(path, {
        method: 'OPTIONS',
        headers: {
          origin: ORIGIN,
          'access-control-request-method': 'POST',
          'access-control-request-headers': HEADERS.join(',')
        }
      })
      expect(response.status).toBe(204)
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      const allowed = response.headers.get('access-control-allow-headers')?.toLowerCase().split(/, ?/)
      expect(allowed).toEqual(expect.arrayContaining(HEADERS))
      const methods = response.headers.get('access-control-allow-methods')?.split(', ')
      expect(methods).toEqual(expect.arrayContaining(['GET', 'POST', 'DELETE']))
    }
  )

  it('may read every answer, errors included', async () => {
    const { key } = await gateway.addUser()
    for (const [path, init, status] of [
      ['/v1/models', { key }, 200],
      ['/v1/models', {}, 401],
      ['/v1/nothing', { key }, 404],
      ['/v1/models', { key, method: 'DELETE' }, 405],
      ['/v1/images/generations', { key, json: {} }, 400],
      ['/v1/images/generations', { key, method: 'POST', body: 'x' }, 415]
    ] as const) {
      const response = await gateway.call(path, { ...init, headers: { origin: ORIGIN } })
      expect(response.status).toBe(status)
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      const exposed = response.headers.get('access-control-expose-headers')?.split(/, ?/)
      expect(exposed).toEqual(
        expect.arrayContaining(['x-request-id', 'retry-after', 'retry-after-ms', 'x-should-retry'])
      )
      await response.arrayBuffer()
    }
  })

  it('may be limited to some', async () => {
    await withApp({ env: { INFERENCE_CLUB_CORS_ORIGINS: `${ORIGIN},https://other.example.org` } }, async (app) => {
      const allowedFor = async (origin: string) => {
        const headers = { origin, 'access-control-request-method': 'GET' }
        const response = await app.inject({ method: 'OPTIONS', url: '/v1/models', headers })
        return response.headers['access-control-allow-origin']
      }
      expect(await allowedFor(ORIGIN)).toBe(ORIGIN)
      expect(await allowedFor('https://evil.example.org')).not.toBe('https://evil.example.org')
    })
  })
})

describe('a server that stops', () => {
  it('does not wait for connections on which nothing is under way', async () => {
    const stopping = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_DRAIN_TIMEOUT: '50ms' } })
    const { key, client } = await stopping.addUser()
    await stopping.addAgent({ key, services: [{ options: { step_time: '100ms' } }] })
    const { id } = (await generate(client, { steps: 100, async: true })) as unknown as { id: string }
    const events = readJobEvents(stopping, { id, key })
    expect((await events.next()).value).toMatchObject({ event: 'status' })
    // As browsers open some in advance.
    const unused = connect(Number(new URL(stopping.url).port), '127.0.0.1')
    await once(unused, 'connect')
    const ended = once(unused, 'close')

    await stopping.close()
    for (const { event } of await Array.fromAsync(events)) expect(['status', 'progress', 'preview']).toContain(event)
    await ended
    await waitFor(() =>
      fetch(`${stopping.url}/healthz`).then(
        () => false,
        () => true
      )
    )
  })

  it('finishes a download and then lets go of its connection', async () => {
    const BYTES = 32 * 1024 ** 2 // More than the sockets hold, so that it is under way for as long as nobody reads.
    const stopping = await startTestGateway()
    const { key, client } = await stopping.addUser()
    await stopping.addAgent({ key, services: [{}] })
    const { data } = await generate(client)
    const { db } = stopping.database
    const asset = await db.updateTable('assets').set({ bytes: BYTES }).returningAll().executeTakeFirstOrThrow()
    await writeFile(join(stopping.dataDir, 'objects', asset.storage_key), Buffer.alloc(BYTES))

    const url = new URL(data[0]!.url)
    const reader = connect(Number(url.port), url.hostname)
    reader.write(`GET ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`)
    await once(reader, 'readable')
    const closed = stopping.close()
    await waitFor(() =>
      fetch(`${stopping.url}/healthz`).then(
        () => false,
        () => true
      )
    )
    let received = 0
    for await (const chunk of reader) received += (chunk as Buffer).length
    expect(received).toBeGreaterThan(BYTES)
    await closed
  })
})
