import assert from 'node:assert/strict'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { ImagesAnswer } from '../../support/image-calls.ts'
import { type AcceptanceCase, Unchecked } from '../acceptance-case.ts'
import type { Answer, Club } from '../club.ts'
import { type ErrorBody, hasMembers, isJson, isRefused } from '../expectations.ts'
import { blob, photo } from '../pictures.ts'
import { pathOf, sendRaw } from '../send-raw.ts'
import { isImages } from './generations.ts'

const GENERATIONS = '/v1/images/generations'
const JSON_TYPE = { 'content-type': 'application/json' }
/** As Java's HttpClient offers HTTP/2 on a plain connection (RFC 7540 §3.2), and as others offer other things. */
const UPGRADES = {
  h2c: [
    'Connection: Upgrade, HTTP2-Settings, close',
    'Upgrade: h2c',
    'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA'
  ],
  websocket: [
    ...['Connection: Upgrade, close', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  ],
  'TLS/1.0': ['Connection: Upgrade, close', 'Upgrade: TLS/1.0']
}

const request = (club: Club, method: string, path: string, headers: readonly string[]) => [
  `${method} ${pathOf(club, path)} HTTP/1.1`,
  `Host: ${new URL(club.root).host}`,
  `Authorization: Bearer ${club.options.key}`,
  ...headers
]

const withBody = (type: string, body: string | Buffer) => [
  `Content-Type: ${type}`,
  `Content-Length: ${Buffer.byteLength(body)}`
]

/** An error of the contract's shape, of a request so broken that it may have no id. */
function isErrorOfParser(answer: Answer<unknown>, status: number): void {
  assert.equal(answer.status, status, answer.text)
  const { error } = answer.body as ErrorBody
  hasMembers(error, ['message', 'type', 'param', 'code'])
  assert.equal(error.type, error.code)
}

const postRaw = (club: Club, body: Uint8Array, headers: Record<string, string>) =>
  club.call<ImagesAnswer>(GENERATIONS, { body: Uint8Array.from(body), headers: { ...JSON_TYPE, ...headers } })

export const wire: AcceptanceCase[] = [
  ...Object.entries(UPGRADES).flatMap(([name, headers]): AcceptanceCase[] => [
    {
      name: `an offer to upgrade to ${name} is passed over: GET`,
      rule: 'RFC 9110 §7.8: a server may ignore Upgrade',
      run: async (club) => {
        for (const [path, status] of [
          ['/v1/models', 200],
          ['/v1/jobs', 200],
          ['/healthz', 200],
          ['/v1/nowhere', 404]
        ] as const) {
          const answer = await sendRaw(club, request(club, 'GET', path, headers))
          assert.equal(answer.status, status, `${path}: ${answer.text.slice(0, 200)}`)
        }
      }
    },
    {
      name: `an offer to upgrade to ${name} is passed over: POST with its body`,
      rule: 'RFC 9110 §7.8: a server may ignore Upgrade',
      images: 1,
      run: async (club) => {
        const body = JSON.stringify(await club.fields())
        const answer = await sendRaw(
          club,
          request(club, 'POST', GENERATIONS, [...headers, ...withBody('application/json', body)]),
          body
        )
        club.remember(answer.body)
        assert.equal(answer.status, 200, answer.text.slice(0, 300))
        assert.ok(Array.isArray(answer.body.data))
      }
    }
  ]),
  {
    name: 'HTTP/1.0 without a Host still gets URLs that lead to the image',
    rule: 'RFC 1945',
    images: 1,
    run: async (club) => {
      const body = JSON.stringify(await club.fields())
      const head = [`POST ${pathOf(club, GENERATIONS)} HTTP/1.0`, `Authorization: Bearer ${club.options.key}`]
      const answer = (await sendRaw(
        club,
        [...head, ...withBody('application/json', body)],
        body
      )) as unknown as Answer<ImagesAnswer>
      assert.equal(answer.status, 200, answer.text.slice(0, 300))
      club.remember(answer.body)
      const url = answer.body.data[0]?.url ?? ''
      assert.ok(URL.canParse(url), `not a URL: ${url}`)
      assert.equal((await club.fetch(url, { key: null })).status, 200, url)
    }
  },
  {
    name: 'a request that is no HTTP is 400 in the shape of every error',
    rule: 'the table of errors',
    run: async (club) => isErrorOfParser(await sendRaw(club, ['nonsense']), 400)
  },
  {
    name: 'headers that are too large are 431 in the shape of every error',
    rule: 'RFC 6585 §5',
    run: async (club) => {
      // Little more than servers take: of much more, the connection may break before the answer is read.
      const headers = [`X-Large: ${'x'.repeat(20_000)}`, 'Connection: close']
      const answer = await sendRaw(club, request(club, 'GET', '/v1/models', headers))
      if (answer.status === 200) throw new Unchecked('this club takes headers of 20 kB')
      isErrorOfParser(answer, 431)
    }
  },
  ...(
    [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync]
    ] as const
  ).map(([coding, compress]) => ({
    name: `a body in ${coding} is read, or 415 says that it is not`,
    rule: 'RFC 9110 §8.4',
    images: 1,
    run: async (club: Club) => {
      const body = compress(Buffer.from(JSON.stringify(await club.fields())))
      const answer = await postRaw(club, body, { 'content-encoding': coding })
      if (answer.status === 200) return isImages(answer)
      isRefused(answer, {
        status: 415,
        code: 'unsupported_media_type',
        message: new RegExp(`content-encoding|${coding}`, 'i')
      })
    }
  })),
  {
    name: 'JSON that is not UTF-8 and does not say what it is: 400, and nothing is kept',
    rule: 'RFC 8259 §8.1',
    run: async (club) => {
      const body = Buffer.from(JSON.stringify(await club.fields({ prompt: `grün ${club.mark}` })), 'latin1')
      const answer = await postRaw(club, body, {})
      assert.equal(answer.status, 400, answer.text.slice(0, 200))
      assert.match((answer.body as unknown as ErrorBody).error.message, /UTF-8/i)
    }
  },
  {
    name: 'a form that is not UTF-8 and does not say what it is: 400',
    rule: 'RFC 7578 §5.1.2',
    run: async (club) => {
      const { model, size } = await club.fields()
      const part = (name: string, value: unknown, more = '') =>
        `--x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
      const text =
        part('model', model) +
        part('size', size) +
        part('prompt', `grün ${club.mark}`) +
        part('image', '', '; filename="a.png"')
      const body = Buffer.concat([
        Buffer.from(text.slice(0, -2), 'latin1'),
        await photo(),
        Buffer.from('\r\n--x--\r\n')
      ])
      const answer = await club.call('/v1/images/edits', {
        body: Uint8Array.from(body),
        headers: { 'content-type': 'multipart/form-data; boundary=x' }
      })
      assert.equal(answer.status, 400, answer.text.slice(0, 200))
      assert.match((answer.body as unknown as ErrorBody).error.message, /UTF-8/i)
    }
  },
  ...(
    [
      ['windows-1252', Buffer.from([0x67, 0x72, 0xfc, 0x6e, 0x20, 0x80]), 'grün €'],
      ['iso-8859-1', Buffer.from([0x67, 0x72, 0xfc, 0x6e]), 'grün'],
      ['shift_jis', Buffer.from([0x8c, 0xcf]), '狐']
    ] as const
  ).map(([charset, bytes, meant]) => ({
    name: `JSON in ${charset} that says so is understood`,
    rule: 'a declared charset is honoured',
    images: 1,
    run: async (club: Club) => {
      const [before = '', behind = ''] = JSON.stringify(await club.fields({ prompt: `@@ ${club.mark}` })).split('@@')
      const body = Buffer.concat([Buffer.from(before), bytes, Buffer.from(behind)])
      const answer = await postRaw(club, body, { 'content-type': `application/json; charset=${charset}` })
      isImages(answer)
      assert.equal((await club.job(answer.body.request_id)).prompt, `${meant} ${club.mark}`)
    }
  })),
  {
    name: 'prompts keep every character',
    rule: 'nothing lossy is ever recorded',
    images: 2,
    run: async (club) => {
      const prompt = `grün 狐 🦊 e\u0301 "quoted"\nsecond line\t${club.mark}`
      const answer = await club.generate({ prompt })
      isImages(answer)
      assert.equal((await club.job(answer.body.request_id)).prompt, prompt)
      if (!(await club.model()).supported_features.includes('edit')) return
      const edited = await club.edit([
        ['image', blob(await photo())],
        ['prompt', `grün 狐 🦊 ${club.mark}`]
      ])
      assert.equal((await club.job(edited.body.request_id)).prompt, `grün 狐 🦊 ${club.mark}`)
    }
  },
  {
    name: 'JSON behind a byte order mark is understood',
    rule: 'RFC 8259 §8.1: a parser may ignore it',
    images: 1,
    run: async (club) => {
      const body = Buffer.from(`\ufeff${JSON.stringify(await club.fields())}`)
      const answer = await postRaw(club, body, {})
      if (answer.status !== 200) isRefused(answer, { status: 400, code: 'invalid_json' })
    }
  },
  {
    name: 'a body in many pieces is one body',
    rule: 'RFC 9112 §7.1',
    images: 1,
    run: async (club) => {
      const pieces = JSON.stringify(await club.fields()).match(/.{1,7}/gs) ?? []
      const bodyOf = () =>
        new ReadableStream({
          start: (stream) => {
            for (const piece of pieces) stream.enqueue(new TextEncoder().encode(piece))
            stream.close()
          }
        })
      const response = await club.patiently(() =>
        fetch(club.root + GENERATIONS, {
          method: 'POST',
          body: bodyOf(),
          duplex: 'half',
          headers: { ...JSON_TYPE, authorization: `Bearer ${club.options.key}` }
        })
      )
      const answer = (await response.json()) as ImagesAnswer
      club.remember(answer)
      assert.equal(response.status, 200)
      assert.equal(answer.data.length, 1)
    }
  },
  {
    name: 'a POST without a body is 400',
    rule: 'the table of errors',
    run: async (club) => {
      const answer = await club.call<ErrorBody>(GENERATIONS, { method: 'POST', headers: JSON_TYPE })
      isJson(answer, 400)
    }
  }
]
