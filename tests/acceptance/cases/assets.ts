import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { AcceptanceCase } from '../acceptance-case.ts'
import type { CallOptions, Club } from '../club.ts'
import { hasMembers, isRefused } from '../expectations.ts'

async function urlOf(club: Club): Promise<string> {
  return (await club.picture()).data[0]?.url ?? ''
}

const load = async (club: Club, options: CallOptions & { query?: string } = {}) =>
  club.fetch((await urlOf(club)) + (options.query ?? ''), { key: null, ...options })

export const assets: AcceptanceCase[] = [
  {
    name: 'the URL is absolute, ends in the id, and any page may show it',
    rule: 'docs/images.md',
    images: 1,
    run: async (club) => {
      const { asset_id } = (await club.picture()).data[0] ?? {}
      assert.ok((await urlOf(club)).endsWith(`/api/inference/assets/${asset_id}/`))
      const { status, headers } = await load(club)
      assert.equal(status, 200)
      assert.match(headers.get('content-type') ?? '', /^image\/(png|jpeg|webp)$/)
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.match(headers.get('content-security-policy') ?? '', /sandbox/)
      assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin')
      assert.ok(headers.get('cache-control'))
    }
  },
  {
    name: 'ETag is the SHA-256, and with it the image need not be sent again',
    rule: 'docs/images.md, RFC 9110 §13.1.2',
    run: async (club) => {
      const { headers, bytes } = await load(club)
      const etag = headers.get('etag') ?? ''
      assert.equal(etag, `"${createHash('sha256').update(bytes).digest('hex')}"`)
      for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await load(club, { headers: { 'if-none-match': value } })
        assert.deepEqual([again.status, again.bytes.length], [304, 0])
      }
    }
  },
  {
    name: 'whoever shows the file, or its hash, is told that it was made here, and nothing else',
    rule: 'docs/provenance.md',
    run: async (club) => {
      const { bytes } = await load(club)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const ask = async (path: string, options: CallOptions = {}) => {
        const { status, body } = await club.call<{ made_here: boolean; by: string[] }>(
          `/api/provenance${path}`,
          options
        )
        assert.equal(status, 200)
        hasMembers(body, ['by', 'made_here'])
        return [body.made_here, body.by.includes('hash')]
      }
      assert.deepEqual(await ask(`?sha256=${sha256}`), [true, true])
      assert.deepEqual(await ask(`?sha256=${'0'.repeat(64)}`), [false, false])
      const headers = { 'content-type': 'application/octet-stream' }
      assert.deepEqual(await ask('', { method: 'POST', body: Uint8Array.from(bytes), headers }), [true, true])
      isRefused(await club.call('/api/provenance?sha256=x'), { status: 400, code: 'invalid_request', param: 'sha256' })
    }
  },
  {
    name: 'HEAD says how long it is',
    rule: 'RFC 9110 §9.3.2',
    run: async (club) => {
      const whole = await load(club)
      const head = await load(club, { method: 'HEAD' })
      assert.equal(head.headers.get('content-length'), String(whole.bytes.length))
      assert.equal(head.headers.get('content-type'), whole.headers.get('content-type'))
      assert.equal(head.bytes.length, 0)
    }
  },
  {
    name: 'a range is that part of it',
    rule: 'RFC 9110 §14',
    run: async (club) => {
      const { bytes } = await load(club)
      for (const [range, from, to] of [
        ['bytes=0-9', 0, 10],
        ['bytes=5-', 5, bytes.length],
        ['bytes=-7', bytes.length - 7, bytes.length]
      ] as const) {
        const part = await load(club, { headers: { range } })
        assert.equal(part.status, 206)
        assert.equal(part.headers.get('content-range'), `bytes ${from}-${to - 1}/${bytes.length}`)
        assert.deepEqual(part.bytes, bytes.subarray(from, to))
      }
      const beyond = await load(club, { headers: { range: `bytes=${bytes.length}-` } })
      assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, `bytes */${bytes.length}`])
    }
  },
  {
    name: 'width and format give thumbnails, upright and no wider than the image',
    rule: 'docs/images.md',
    run: async (club) => {
      const whole = await sharp((await load(club)).bytes).metadata()
      const small = await load(club, { query: '?width=16' })
      const { width, format } = await sharp(small.bytes).metadata()
      assert.equal(format, 'webp')
      assert.ok(width <= Math.min(64, whole.width), `it is ${width} wide`)
      assert.equal((await sharp((await load(club, { query: '?format=jpeg' })).bytes).metadata()).format, 'jpeg')
    }
  },
  ...['?width=15', '?width=2049', '?width=', '?width=a', '?format=gif'].map((query) => ({
    name: `${query} is refused`,
    rule: 'docs/images.md',
    run: async (club: Club) => isRefused(await load(club, { query }), { status: 400, code: 'invalid_request' })
  })),
  {
    name: 'pages of other origins may read the bytes',
    rule: 'CORS',
    run: async (club) => {
      const { headers } = await load(club, { headers: { origin: 'https://pages.example' } })
      assert.ok(headers.get('access-control-allow-origin'))
    }
  },
  {
    name: 'an image that is not there is 404',
    rule: 'docs/images.md',
    run: async (club) => {
      const answer = await club.call('/api/inference/assets/ast_aaaaaaaaaaaaaaaaaaaaaaaaa/', { key: null })
      isRefused(answer, { status: 404, code: 'not_found' })
    }
  },
  {
    name: 'deleting the request takes the image away',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const { body } = await club.generate()
      assert.equal((await club.call(`/v1/jobs/${body.request_id}`, { method: 'DELETE' })).status, 200)
      assert.equal((await club.fetch(body.data[0]?.url ?? '', { key: null })).status, 404)
    }
  }
]
