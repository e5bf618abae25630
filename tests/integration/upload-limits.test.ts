import type { Readable } from 'node:stream'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { APIError } from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { idat, ihdr, pngChunk, pngOf } from '../support/test-images.ts'
import { sleep } from '../../src/lib/async.ts'
import { StoreUnavailable } from '../../src/storage/object-store.ts'
import { multipart } from '../support/multipart.ts'
import { leftHalfTransparent } from '../support/pictures.ts'
import { openRawConnection } from '../support/raw-connection.ts'
import { startRawRequest } from '../support/raw-request.ts'
import { apiErrorOf, readError, type WireError } from '../support/read-error.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const EDITS = '/v1/images/edits'
const MAX_UPLOAD_BYTES = 64 * 1024
const MAX_EDIT_BODY_BYTES = 512 * 1024
/** More than two sockets buffer: whoever sends it needs somebody who reads. */
const HUGE = 16 * 1024 * 1024

let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      INFERENCE_CLUB_LIMITS_MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES),
      INFERENCE_CLUB_LIMITS_MAX_EDIT_BODY_BYTES: String(MAX_EDIT_BODY_BYTES)
    }
  })
  user = await gateway.addUser()
})

afterAll(() => gateway.close())

// No provider is online, so a call is refused at its end at the latest, and nothing of it may stay.
const nothingIsLeft = async (): Promise<boolean> => {
  const rows = await gateway.database.db.selectFrom('assets').select('id').execute()
  return rows.length === 0 && (await storedFiles(gateway.dataDir)).length === 0
}
beforeEach(async () => expect(await nothingIsLeft()).toBe(true))

/** A png of exactly so many bytes. */
const pngOfBytes = (length: number): Buffer => {
  const empty = pngOf(ihdr(), pngChunk('teXt'), idat()).length
  return pngOf(ihdr(), pngChunk('teXt', Buffer.alloc(length - empty)), idat())
}
const TEXT = [
  { name: 'model', body: 'demo' },
  { name: 'prompt', body: 'a fox' }
]
const formWith = (image: Buffer) => multipart([{ name: 'image', filename: 'photo.png', body: image }, ...TEXT])
const post = ({ body, contentType }: { body: Buffer; contentType: string }, key = user.key) =>
  gateway.call(EDITS, { method: 'POST', key, headers: { 'content-type': contentType }, body: new Uint8Array(body) })
const headersOf = (contentType: string, key = user.key) => ({
  authorization: `Bearer ${key}`,
  'content-type': contentType
})
const errorIn = (text: string): WireError => (JSON.parse(text) as { error: WireError }).error

/** All of a request as bytes. */
const rawRequest = (
  { body, contentType }: { body: Buffer; contentType: string },
  headers: string[] = [],
  key = user.key
) =>
  Buffer.concat([
    Buffer.from(
      [
        `POST ${EDITS} HTTP/1.1`,
        'host: club',
        `authorization: Bearer ${key}`,
        `content-type: ${contentType}`,
        `content-length: ${body.length}`,
        ...headers,
        '\r\n'
      ].join('\r\n')
    ),
    body
  ])

describe('the limit of a side', () => {
  const MOST = 32_768

  it.each([
    [1, MOST],
    [MOST, 1]
  ])('lets %i x %i through', async (width, height) => {
    const response = await post(formWith(pngOf(ihdr({ width, height }), idat())))
    expect((await readError(response)).code).toBe('no_provider')
  })

  it.each([
    [1, MOST + 1],
    [MOST + 1, 1],
    [1, 16_777_216]
  ])('refuses %i x %i, though it has few pixels', async (width, height) => {
    const response = await post(formWith(pngOf(ihdr({ width, height }), idat())))
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({
      code: 'image_too_large',
      param: 'image',
      message: expect.stringContaining(`${MOST} pixels a side`) as string
    })
  })
})

describe('the limit of bytes', () => {
  it('lets through what just keeps to it', async () => {
    const exact = pngOfBytes(MAX_UPLOAD_BYTES)
    expect(exact.length).toBe(MAX_UPLOAD_BYTES)
    const response = await post(
      multipart([...[1, 2, 3].map(() => ({ name: 'image[]', filename: 'a.png', body: exact })), ...TEXT])
    )
    expect((await readError(response)).code).toBe('no_provider')
    expect(await nothingIsLeft()).toBe(true)
  })

  it('refuses one byte more, of a mask too', async () => {
    const more = pngOfBytes(MAX_UPLOAD_BYTES + 1)
    const response = await post(formWith(more))
    expect(response.status).toBe(413)
    expect(await readError(response)).toMatchObject({
      code: 'file_too_large',
      param: 'image',
      message: expect.stringContaining(String(MAX_UPLOAD_BYTES)) as string
    })
    const masked = await post(multipart([{ name: 'mask', filename: 'm.png', body: more }, ...TEXT]))
    expect(await readError(masked)).toMatchObject({ code: 'file_too_large', param: 'mask' })
    expect(await nothingIsLeft()).toBe(true)
  })

  it('is told by a type that is found out first', async () => {
    const response = await post(formWith(Buffer.alloc(2 * MAX_UPLOAD_BYTES, 'text ')))
    expect(response.status).toBe(415)
  })
})

describe('an answer before the end of the body', () => {
  it('comes at once, and the connection stays while the caller goes on sending', async () => {
    const connection = await openRawConnection(gateway.url)
    const bytes = rawRequest(formWith(pngOfBytes(4 * MAX_UPLOAD_BYTES)))
    await connection.send(bytes.subarray(0, MAX_UPLOAD_BYTES + 1000))
    const { status, text } = await connection.answer()
    expect([status, errorIn(text).code]).toEqual([413, 'file_too_large'])
    expect(await nothingIsLeft()).toBe(true)
    for (let at = MAX_UPLOAD_BYTES + 1000; at < bytes.length; at += 20_000) {
      await connection.send(bytes.subarray(at, at + 20_000))
      await sleep(5)
    }
    await connection.send(rawRequest(formWith(pngOfBytes(1000))))
    const next = await connection.answer()
    expect([next.status, errorIn(next.text).code]).toEqual([404, 'no_provider'])
    connection.end()
  })

  it.each([
    ['a file that is too large', 413, () => formWith(pngOfBytes(HUGE)), undefined],
    ['a file that is no image', 415, () => formWith(Buffer.alloc(HUGE, 'text ')), undefined],
    [
      'a form without a boundary',
      400,
      () => ({ ...formWith(pngOfBytes(HUGE)), contentType: 'multipart/form-data' }),
      undefined
    ],
    ['an unknown key', 401, () => formWith(pngOfBytes(HUGE)), 'ic_nobodyHasThisKeyAtAll'],
    ['an unknown type', 415, () => ({ body: Buffer.alloc(HUGE), contentType: 'application/zip' }), undefined],
    [
      'a JSON body that is too large',
      413,
      () => ({ body: Buffer.from(`{"prompt":"${'x'.repeat(HUGE)}"}`), contentType: 'application/json' }),
      undefined
    ]
  ])('to %s is read by clients that send all of it first', async (_what, status, make, key) => {
    const form = make()
    for (const headers of [[], ['connection: close']]) {
      const connection = await openRawConnection(gateway.url)
      await connection.send(rawRequest(form, headers, key))
      const answer = await connection.answer()
      expect(answer.status).toBe(status)
      expect(errorIn(answer.text).message).not.toBe('')
      connection.end()
    }
    const byFetch = await post(form, key)
    expect(byFetch.status).toBe(status)
    await readError(byFetch)
    expect(await nothingIsLeft()).toBe(true)
  })

  it('is what the official client tells', async () => {
    const image = new File([new Uint8Array(pngOfBytes(HUGE))], 'a.png')
    for (let round = 0; round < 3; round++) {
      const error: APIError = await apiErrorOf(user.client.images.edit({ model: 'demo', prompt: 'x', image }))
      expect(error).toMatchObject({ status: 413, code: 'file_too_large', param: 'image' })
    }
  })

  it('to a chunked JSON body that is too large comes at once', async () => {
    const { request, answer } = startRawRequest(gateway.url + EDITS, headersOf('application/json'))
    request.write(`{"prompt":"x","images":["data:image/png;base64,`)
    const data = pngOfBytes(MAX_UPLOAD_BYTES).toString('base64')
    for (let sent = 0; sent < MAX_EDIT_BODY_BYTES; sent += data.length)
      request.write(`${data}",\n"data:image/png;base64,`)
    const { status, text } = await answer
    expect([status, errorIn(text).code]).toEqual([413, 'request_too_large'])
    request.destroy()
    await waitFor(nothingIsLeft)
  })

  it('leaves the connection usable for the next call', async () => {
    const connection = await openRawConnection(gateway.url)
    await connection.send(rawRequest(formWith(pngOfBytes(HUGE))))
    expect((await connection.answer()).status).toBe(413)
    await connection.send(rawRequest(formWith(pngOfBytes(1000))))
    const { status, text } = await connection.answer()
    expect([status, errorIn(text).code]).toEqual([404, 'no_provider'])
    connection.end()
  })

  it('keeps the answers of others as they were', async () => {
    const response = await gateway.call('/v1/models', { key: user.key })
    expect(response.headers.get('connection')).toBe('keep-alive')
    const connection = await openRawConnection(gateway.url)
    await connection.send(rawRequest(formWith(pngOfBytes(1000)), ['connection: close']))
    expect((await connection.answer()).head).toMatch(/^connection: close$/im)
    await connection.closed
  })
})

describe('a caller who leaves in the middle', () => {
  const unfinished = async () => (await readdir(join(gateway.dataDir, 'unfinished'))).length > 0
  const sendSome = (contentType: string, ...pieces: (Buffer | string)[]) => {
    const { request } = startRawRequest(gateway.url + EDITS, headersOf(contentType))
    for (const piece of pieces) request.write(piece)
    return request
  }

  it('of an image leaves no bytes', async () => {
    const { body, contentType } = formWith(pngOfBytes(MAX_UPLOAD_BYTES))
    const request = sendSome(contentType, body.subarray(0, 40_000))
    await waitFor(unfinished)
    request.destroy()
    await waitFor(nothingIsLeft)
  })

  it('of the second image leaves nothing of the first', async () => {
    const whole = { name: 'image[]', filename: 'a.png', body: pngOfBytes(30_000) }
    const { body, contentType } = multipart([whole, whole])
    const request = sendSome(contentType, body.subarray(0, 50_000))
    await waitFor(async () => (await storedFiles(gateway.dataDir)).some((path) => path.startsWith('objects')))
    await waitFor(unfinished)
    request.destroy()
    await waitFor(nothingIsLeft)
  })

  it('between the parts leaves nothing', async () => {
    const { body, contentType } = multipart([{ name: 'image', filename: 'a.png', body: pngOfBytes(30_000) }, ...TEXT])
    const request = sendSome(contentType, body.subarray(0, -20))
    await waitFor(async () => (await storedFiles(gateway.dataDir)).length > 0)
    request.destroy()
    await waitFor(nothingIsLeft)
  })

  it('of a data URL leaves nothing', async () => {
    const data = pngOfBytes(MAX_UPLOAD_BYTES).toString('base64')
    const request = sendSome(
      'application/json',
      `{"prompt":"x","images":["data:image/png;base64,`,
      data.slice(0, 40_000)
    )
    await waitFor(unfinished)
    request.destroy()
    await waitFor(nothingIsLeft)
  })

  it('all of them at once leave nothing, and the gateway goes on', async () => {
    const { body, contentType } = formWith(pngOfBytes(MAX_UPLOAD_BYTES))
    const requests = Array.from({ length: 40 }, (_, index) => sendSome(contentType, body.subarray(0, 1000 * index)))
    await waitFor(unfinished)
    for (const request of requests) request.destroy()
    await waitFor(nothingIsLeft)
    expect((await post(formWith(pngOfBytes(1000)))).status).toBe(404)
  })
})

describe('a store that fails', () => {
  const expectUnavailable = async (response: Response) => {
    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await readError(response)).code).toBe('storage_unavailable')
    expect(await nothingIsLeft()).toBe(true)
  }
  /** Replaces what the store does with the bytes, for the time of the test. */
  async function withPut(put: (source: Readable) => Promise<never>, test: () => Promise<void>) {
    const { store } = gateway.gateway.context
    const { put: original } = store
    store.put = (_key, source) => put(source)
    await test().finally(() => (store.put = original))
  }

  it('at once is answered 503, to a form and to JSON', () =>
    withPut(
      async () => {
        throw new StoreUnavailable('the disk is full')
      },
      async () => {
        await expectUnavailable(await post(formWith(pngOfBytes(40_000))))
        const url = `data:image/png;base64,${pngOfBytes(40_000).toString('base64')}`
        const json = { model: 'demo', prompt: 'x', images: [{ image_url: url }] }
        await expectUnavailable(await gateway.call(EDITS, { key: user.key, json }))
      }
    ))

  it('in the middle is answered 503', () =>
    withPut(
      async (source) => {
        for await (const _ of source) throw new StoreUnavailable('the disk is full')
        throw new Error('there were no bytes')
      },
      async () => expectUnavailable(await post(formWith(pngOfBytes(MAX_UPLOAD_BYTES))))
    ))

  it('because something is in the way is answered 503, and works when that is gone', async () => {
    const folder = join(gateway.dataDir, 'unfinished')
    await rm(folder, { recursive: true })
    await writeFile(folder, 'in the way')
    const response = await post(formWith(pngOfBytes(1000)))
    await rm(folder)
    // Whoever looks at what is left needs the folder, too.
    expect((await post(formWith(pngOfBytes(1000)))).status).toBe(404)
    await expectUnavailable(response)
  })

  it('when bytes are taken back does not hide why', async () => {
    const { store } = gateway.gateway.context
    const { remove } = store
    const mask = await leftHalfTransparent({ width: 8, height: 8 })
    const kept: string[] = []
    store.remove = async (keys) => {
      kept.push(...keys)
      throw new StoreUnavailable('the disk is read-only')
    }
    const response = await post(
      multipart([
        { name: 'image', filename: 'a.png', body: pngOfBytes(1000) },
        { name: 'mask', filename: 'm.png', body: mask },
        ...TEXT
      ])
    ).finally(() => (store.remove = remove))
    expect((await readError(response)).code).toBe('invalid_mask')
    await store.remove(kept)
  })
})
