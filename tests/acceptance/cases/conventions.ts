import assert from 'node:assert/strict'
import { type AcceptanceCase, Unchecked } from '../acceptance-case.ts'
import type { Club } from '../club.ts'
import { isJson, isRefused } from '../expectations.ts'

const ORIGIN = { origin: 'https://pages.example' }

/** Every path of the API that can be read without making anything. */
const READABLE = ['/v1/models', '/v1/jobs', '/v1/batches', '/v1/webhooks/deliveries']

export const conventions: AcceptanceCase[] = [
  ...READABLE.map((path) => ({
    name: `GET ${path} answers a list, with and without a slash at its end`,
    rule: 'OpenAI lists: object, data',
    run: async (club: Club) => {
      for (const spelling of [path, `${path}/`]) {
        const answer = await club.call<{ object: string; data: unknown[] }>(spelling)
        isJson(answer)
        assert.equal(answer.body.object, 'list')
        assert.ok(Array.isArray(answer.body.data))
      }
    }
  })),
  {
    name: 'every exchange has an id of its own',
    rule: 'OpenAI: x-request-id',
    run: async (club) => {
      const ids = await Promise.all([1, 2].map(async () => (await club.call('/v1/models')).headers.get('x-request-id')))
      assert.ok(ids[0])
      assert.notEqual(ids[0], ids[1])
    }
  },
  {
    name: 'GET /v1/models says HEAD the same without a body',
    rule: 'RFC 9110 §9.3.2',
    run: async (club) => {
      const answer = await club.call('/v1/models', { method: 'HEAD' })
      assert.equal(answer.status, 200)
      assert.equal(answer.bytes.length, 0)
    }
  },
  {
    name: 'pages of other origins may ask before they call, with the headers of the SDKs',
    rule: 'CORS',
    run: async (club) => {
      const answer = await club.call('/v1/images/generations', {
        method: 'OPTIONS',
        key: null,
        headers: {
          ...ORIGIN,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type,x-stainless-lang,x-stainless-retry-count'
        }
      })
      assert.ok([200, 204].includes(answer.status), `answered ${answer.status}`)
      const { headers } = answer
      if (!headers.has('access-control-allow-origin'))
        throw new Unchecked('this club is closed to pages of other origins')
      assert.match(headers.get('access-control-allow-methods') ?? '', /POST/)
      assert.match(headers.get('access-control-allow-headers') ?? '', /x-stainless-lang/i)
    }
  },
  {
    name: 'pages of other origins may read answers, errors and the headers that matter',
    rule: 'CORS',
    run: async (club) => {
      for (const path of ['/v1/models', '/v1/nowhere']) {
        const { headers } = await club.call(path, { headers: ORIGIN })
        if (!headers.has('access-control-allow-origin'))
          throw new Unchecked('this club is closed to pages of other origins')
        const exposed = headers.get('access-control-expose-headers') ?? ''
        for (const name of ['x-request-id', 'retry-after', 'x-should-retry'])
          assert.match(exposed, new RegExp(name, 'i'))
      }
    }
  },
  {
    name: 'OPTIONS without the headers of a preflight is told the methods',
    rule: 'RFC 9110 §9.3.7',
    run: async (club) => {
      const answer = await club.call('/v1/images/generations', { method: 'OPTIONS', key: null })
      assert.ok(answer.status < 300, `answered ${answer.status}`)
      assert.match(answer.headers.get('allow') ?? '', /POST/)
    }
  },
  ...['/healthz', '/readyz'].map((path) => ({
    name: `GET ${path} is 200 without a key`,
    rule: 'docs/operations.md',
    run: async (club: Club) => {
      const answer = await club.call(path, { key: null })
      assert.equal(answer.status, 200, answer.text)
    }
  })),
  {
    name: 'GET /openapi.json describes the API',
    rule: 'OpenAPI 3.1',
    run: async (club) => {
      const { body } = await club.call<{ openapi: string; paths: Record<string, unknown> }>('/openapi.json', {
        key: null
      })
      assert.match(body.openapi, /^3\./)
      for (const path of [
        '/v1/images/generations',
        '/v1/images/edits',
        '/v1/images/variations',
        '/v1/jobs',
        '/v1/batches',
        '/v1/models'
      ]) {
        assert.ok(
          Object.keys(body.paths).some((one) => one.replace(/\/$/, '') === path),
          `${path} is missing`
        )
      }
    }
  },
  {
    name: 'GET /docs is a page',
    rule: 'README',
    run: async (club) => {
      const answer = await club.call('/docs', { key: null })
      assert.ok([200, 301, 302].includes(answer.status), `answered ${answer.status}`)
    }
  },
  {
    name: 'GET /metrics gives an admin numbers for Prometheus',
    rule: 'docs/operations.md',
    run: async (club) => {
      const answer = await club.call('/metrics', { key: club.keyFor('adminKey', 'an --admin-key') })
      assert.equal(answer.status, 200)
      assert.match(answer.text, /^# HELP /m)
    }
  },
  {
    name: 'GET /api/agent/connect wants a key and a WebSocket',
    rule: 'docs/agent.md',
    run: async (club) => {
      const answer = await club.call('/api/agent/connect', { key: null })
      assert.ok(answer.status >= 400 && answer.status < 500, `answered ${answer.status}`)
    }
  },
  ...['//v1/models', '/v1//models', '//v1//models/'].map((path) => ({
    name: `GET ${path} is /v1/models`,
    rule: 'clients join base URLs with a slash too many',
    run: async (club: Club) => isJson(await club.call(path))
  })),
  ...[
    ['/v1/v1/models', '/v1/models'],
    ['/models', '/v1/models'],
    ['/v1/v1/images/generations', '/v1/images/generations'],
    ['/images/generations', '/v1/images/generations']
  ].map(([path = '', meant = '']) => ({
    name: `${path} is 404 and names ${meant}`,
    rule: 'a 404 near the API says which path was meant',
    run: async (club: Club) => {
      const answer = await club.call(path, path.endsWith('generations') ? { json: {} } : {})
      isRefused(answer, { status: 404, code: 'not_found', message: new RegExp(`(?<!/v1)${meant}`) })
    }
  })),
  {
    name: 'GET /v1/organization/usage/images has the shape of OpenAI’s',
    rule: 'docs/limits-and-usage.md',
    run: async (club) => {
      const { request_id } = await club.picture()
      const since = Math.floor(Date.now() / 1000) - 3600
      const answer = await club.call<{
        object: string
        data: { object: string; results: { images: number; model: string }[] }[]
      }>(`/v1/organization/usage/images?start_time=${since}&bucket_width=1d&group_by[]=model`)
      if (answer.status === 403) throw new Unchecked('the key lacks the scope usage')
      isJson(answer)
      assert.equal(answer.body.object, 'page')
      const { model } = await club.job(request_id)
      const sums = answer.body.data.flatMap(({ results }) => results).filter((result) => result.model === model)
      assert.ok(
        sums.some(({ images }) => images >= 1),
        'a picture just made is not counted'
      )
    },
    images: 1
  },
  {
    name: 'GET /v1/organization/usage/images comes as CSV as well',
    rule: 'docs/limits-and-usage.md, RFC 4180',
    run: async (club) => {
      const answer = await club.call('/v1/organization/usage/images?start_time=1795000000&limit=1&format=csv')
      if (answer.status === 403) throw new Unchecked('the key lacks the scope usage')
      assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/)
      assert.match(answer.text, /^start_time,end_time,/)
    }
  },
  {
    name: 'GET /v1/organization/usage/exchange tells who gives and who takes',
    rule: 'docs/limits-and-usage.md',
    run: async (club) => {
      const answer = await club.call<{ people: unknown[]; providers: unknown[] }>(
        '/v1/organization/usage/exchange?start_time=1795000000'
      )
      if (answer.status === 403) throw new Unchecked('the key lacks the scope usage')
      isJson(answer)
      assert.ok(answer.body.people.length >= 1)
    }
  }
]
