import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClientClub, openClub, photo, SMALL } from './open-club.ts'

let club: ClientClub

beforeAll(async () => {
  club = await openClub()
})
afterAll(() => club.close())

/** Python's requests needs no Python to be tried: what it puts on the wire is written down here, header by header. */
async function send(key: string, path: string, headers: Record<string, string>, body: Buffer) {
  const outgoing = request(club.baseUrl + path, {
    method: 'POST',
    agent: false,
    headers: {
      'User-Agent': 'python-requests/2.34.2',
      'Accept-Encoding': 'gzip, deflate, br, zstd',
      Accept: '*/*',
      Connection: 'keep-alive',
      Authorization: `Bearer ${key}`,
      'Content-Length': String(body.length),
      ...headers
    }
  })
  return new Promise<{ status: number; body: { data?: { url: string }[]; error?: { code: string } } }>(
    (resolve, reject) => {
      outgoing.on('error', reject)
      outgoing.on('response', (response) => {
        json(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer as object }), reject)
      })
      outgoing.end(body)
    }
  )
}

const BOUNDARY = '0b5d7c3a6e1f4b0c9a8d2e7f6c5b4a39'
/** As urllib3 writes a part: no type for text, one guessed from the name for files. */
const part = (disposition: string, body: string | Buffer, type = '') =>
  Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${type && `Content-Type: ${type}\r\n`}\r\n`
    ),
    Buffer.from(body),
    Buffer.from('\r\n')
  ])

async function sendForm(key: string, parts: Buffer[]) {
  const body = Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)])
  return send(key, '/images/edits', { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` }, body)
}

const FIELDS = [part('name="model"', 'demo'), part('name="prompt"', 'in the snow'), part('name="n"', '1')]

it('json= generates, every letter beyond ASCII escaped', async () => {
  const { key } = await club.addUser()
  const fields = JSON.stringify({ ...SMALL, prompt: 'grün' }).replace('ü', '\\u00fc')
  const { status, body } = await send(
    key,
    '/images/generations',
    { 'Content-Type': 'application/json' },
    Buffer.from(fields)
  )
  expect(status).toBe(200)
  expect(body.data?.[0]?.url).toMatch(/^http/)
})

it.each([
  ['a file', 'name="image"; filename="photo.png"', 'image/png'],
  ['a file of unknown type', 'name="image"; filename="photo"', ''],
  ['bytes, which are named as the field is', 'name="image"; filename="image"', ''],
  ['a list', 'name="image[]"; filename="photo.png"', 'image/png'],
  ['a file whose name is not ASCII', 'name="image"; filename*=utf-8\'\'gr%C3%BCn.png', 'image/png'],
  ['a file whose name is not ASCII, as urllib3 2 says it', 'name="image"; filename="grün.png"', 'image/png']
])('files= edits %s', async (_what, disposition, type) => {
  const { key } = await club.addUser()
  const { status } = await sendForm(key, [...FIELDS, part(disposition, await photo(), type)])
  expect(status).toBe(200)
})

it('data= with a dictionary is told what the call takes', async () => {
  const { key } = await club.addUser()
  const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const { status, body } = await send(key, '/images/edits', type, Buffer.from('model=demo&prompt=in+the+snow'))
  expect([status, body.error?.code]).toEqual([415, 'unsupported_media_type'])
})

it('an empty list of files is told that an image is missing', async () => {
  const { key } = await club.addUser()
  const { status, body } = await sendForm(key, FIELDS)
  expect([status, body.error?.code]).toEqual([400, 'missing_file'])
})
