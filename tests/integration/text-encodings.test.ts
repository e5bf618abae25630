import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getJob, type ImagesAnswer, SMALL } from '../support/image-calls.ts'
import { type FormPart, multipart } from '../support/multipart.ts'
import { plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let user: TestUser
let image: Buffer
beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  await gateway.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
  image = await plainPng({ width: 48, height: 32 }, [200, 30, 30])
})
afterAll(() => gateway.close())

const bytes = (...pieces: (string | number[])[]): Buffer<ArrayBuffer> =>
  Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)))

const GRUEN_LATIN1 = [0x67, 0x72, 0xfc, 0x6e]
const NIHON_SJIS = [0x93, 0xfa, 0x96, 0x7b]
const JSON_HEAD = '{"model":"demo","size":"48x32","steps":2,"prompt":"'

const send = (path: string, body: Buffer, contentType: string, headers: Record<string, string> = {}) =>
  gateway.call(path, {
    method: 'POST',
    key: user.key,
    body: new Uint8Array(body),
    headers: { 'content-type': contentType, ...headers }
  })
const generate = (body: Buffer, contentType = 'application/json') => send('/v1/images/generations', body, contentType)

function edit(parts: FormPart[], suffix = '') {
  const fields = [
    { name: 'model', body: 'demo' },
    { name: 'steps', body: '2' },
    { name: 'image', body: image, filename: 'a.png', type: 'image/png' }
  ]
  const { body, contentType } = multipart([...parts, ...fields])
  return send('/v1/images/edits', body, contentType + suffix)
}

async function promptOf(response: Response): Promise<string> {
  const answer = (await response.json()) as ImagesAnswer
  expect(response.status, JSON.stringify(answer)).toBe(200)
  return (await getJob(user.client, answer.request_id)).prompt
}

describe('a JSON body', () => {
  it.each<[string, string, Buffer, string]>([
    ['Latin-1', 'grün', bytes(JSON_HEAD, GRUEN_LATIN1, '"}'), 'application/json; charset=ISO-8859-1'],
    ['Shift-JIS', '日本', bytes(JSON_HEAD, NIHON_SJIS, '"}'), 'application/json;charset="shift_jis"'],
    ['UTF-8 with a mark', 'grün', bytes([0xef, 0xbb, 0xbf], `${JSON_HEAD}grün"}`), 'application/json'],
    [
      'UTF-16 with a mark',
      'grün',
      bytes([0xff, 0xfe], [...Buffer.from(`${JSON_HEAD}grün"}`, 'utf16le')]),
      'application/json; charset=utf-16'
    ]
  ])('in %s is recorded as %j', async (_what, prompt, body, contentType) => {
    expect(await promptOf(await generate(body, contentType))).toBe(prompt)
  })

  it.each<[string, Buffer, string, number, string | null]>([
    ['is not UTF-8', bytes(JSON_HEAD, GRUEN_LATIN1, '"}'), 'application/json', 400, null],
    ['is cut within a character', bytes(JSON_HEAD, [0xc3], '"}'), 'application/json; charset=utf-8', 400, null],
    ['has an unknown charset', bytes(JSON_HEAD, 'x"}'), 'application/json; charset=utf-33', 415, null],
    ['escapes half a character', bytes(JSON_HEAD, '\\ud83e"}'), 'application/json', 400, 'prompt']
  ])('that %s is refused', async (_what, body, contentType, status, param) => {
    const response = await generate(body, contentType)
    expect(response.status).toBe(status)
    const error = await readError(response)
    expect(error.param).toBe(param)
    expect(error.code).toBe(status === 415 ? 'unsupported_media_type' : 'invalid_request')
  })

  it('says what to do', async () => {
    expect((await readError(await generate(bytes(JSON_HEAD, GRUEN_LATIN1, '"}')))).message).toMatch(/UTF-8.*charset=/)
  })
})

describe('a form', () => {
  const latin1: FormPart = { name: 'prompt', body: bytes(GRUEN_LATIN1) }
  const sjis: FormPart = { name: 'prompt', body: bytes(NIHON_SJIS) }
  it.each<[string, string, () => Promise<Response>]>([
    ['its part', 'grün', () => edit([{ ...latin1, type: 'text/plain; charset=ISO-8859-1' }])],
    ['its part, another', '日本', () => edit([{ ...sjis, type: 'text/plain;charset="Shift_JIS"' }])],
    ['_charset_, before', 'grün', () => edit([{ name: '_charset_', body: 'windows-1252' }, latin1])],
    ['_charset_, behind', '日本', () => edit([sjis, { name: '_charset_', body: 'Shift_JIS' }])],
    ['the form', 'grün', () => edit([latin1], '; charset=latin1')],
    [
      'its part before that of the form',
      'grün',
      () => edit([{ name: 'prompt', body: 'grün', type: 'text/plain; charset=utf-8' }], '; charset=latin1')
    ],
    ['nobody', 'grün', () => edit([{ name: 'prompt', body: 'grün' }])]
  ])('whose charset is told by %s is recorded as %j', async (_who, prompt, call) => {
    expect(await promptOf(await call())).toBe(prompt)
  })

  it('that is not UTF-8 and does not say what it is is refused by name', async () => {
    for (const part of [latin1, sjis, { ...latin1, type: 'text/plain; charset=utf-8' }]) {
      const response = await edit([part])
      expect(response.status).toBe(400)
      expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: 'prompt' })
    }
    const named = await edit([{ headers: ['Content-Disposition: form-data; name="gr\ufffdn"'], body: 'x' }, latin1])
    expect((await readError(named)).message).toContain('UTF-8')
  })

  it('may have a file whose name is in any encoding', async () => {
    const { body, contentType } = multipart([
      { name: 'model', body: 'demo' },
      { name: 'prompt', body: 'a fox' },
      { headers: ['Content-Disposition: form-data; name="image"; filename="@@"'], body: image }
    ])
    const at = body.indexOf('@@')
    body.set([0xfc, 0xe9], at)
    expect(await promptOf(await send('/v1/images/edits', body, contentType))).toBe('a fox')
  })
})

it('an Idempotency-Key is UTF-8 as well', async () => {
  const json = bytes(JSON.stringify(SMALL))
  const keyed = (key: string) => send('/v1/images/generations', json, 'application/json', { 'idempotency-key': key })
  const latin1 = await keyed('gr\u00fcn')
  expect(latin1.status).toBe(400)
  expect(await readError(latin1)).toMatchObject({ param: 'Idempotency-Key' })
  expect((await keyed(Buffer.from('grün').toString('latin1'))).status).toBe(200)
})
