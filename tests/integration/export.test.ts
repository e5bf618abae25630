import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate } from '../support/image-calls.ts'
import { leftHalfTransparent } from '../support/pictures.ts'
import { type ExportedRequest, readArchive } from '../support/read-archive.ts'
import { readError } from '../support/read-error.ts'
import { runProgram } from '../support/run-program.ts'
import { type S3Process, spawnS3 } from '../support/spawn-s3.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const HUGE = 200 * 1024 * 1024

let folder: string
let s3: S3Process
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-export-'))
  s3 = await spawnS3()
})
afterAll(async () => {
  await s3.close()
  await rm(folder, { recursive: true })
})

describe.each(['a folder', 'a bucket'])('with images in %s', (where) => {
  let gateway: TestGateway
  let env: Record<string, string>
  beforeAll(async () => {
    env = where === 'a bucket' ? s3.env('export') : {}
    gateway = await startTestGateway({ env })
    const owner = await gateway.addUser()
    await gateway.addAgent({ key: owner.key, services: [{ concurrency: 2 }] })
  })
  afterAll(() => gateway.close())

  const assetsOf = (userId: string) =>
    gateway.database.db.selectFrom('assets').selectAll().where('owner_id', '=', userId).execute()

  /** Two images, a secret one of an edit with source and mask, and a request that failed. */
  async function furnish(user: TestUser) {
    await generate(user.client, { prompt: 'a fox', n: 2, size: '64x64', seed: 7 })
    const form = new FormData()
    const png = (bytes: Buffer) => new Blob([new Uint8Array(bytes)], { type: 'image/png' })
    const size = { width: 64, height: 64 }
    form.append('image', png(await leftHalfTransparent(size, [1, 2, 3])), 'a.png')
    form.append('mask', png(await leftHalfTransparent(size)), 'm.png')
    for (const [name, value] of Object.entries({ model: 'demo', prompt: 'rain', visibility: 'SECRET' }))
      form.append(name, value)
    const edit = await gateway.call('/v1/images/edits', { method: 'POST', key: user.key, body: form })
    expect(edit.status).toBe(200)
    await generate(user.client, {
      prompt: 'hang on',
      async: true,
      model: 'demo',
      webhook_url: 'https://example.org/t0ken'
    })
    await gateway.drain()
  }

  const fetchArchive = async (user: TestUser) => {
    const answer = await gateway.call('/v1/export', { key: user.key })
    expect(answer.status).toBe(200)
    return readArchive(new Uint8Array(await answer.arrayBuffer()))
  }

  const requestOf = (requests: ExportedRequest[], prompt: string) => requests.find((one) => one.prompt === prompt)!

  it('gives somebody all of their own, byte for byte, and nothing of others or that is a secret', async () => {
    const [user, other] = [await gateway.addUser(), await gateway.addUser()]
    await furnish(user)
    await furnish(other)
    const answer = await gateway.call('/v1/export', { key: user.key })
    expect(answer.headers.get('content-type')).toBe('application/zip')
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="inference-club-\d{4}-\d\d-\d\d\.zip"$/
    )
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const archive = readArchive(new Uint8Array(await answer.arrayBuffer()))
    const rows = await assetsOf(user.id)
    expect(rows.map(({ kind }) => kind).sort()).toEqual(['input', 'mask', 'output', 'output', 'output', 'output'])
    expect([...archive.images.values()].map(sha256).sort()).toEqual(rows.map((row) => row.sha256).sort())

    const { requests } = archive
    expect(requests).toHaveLength(3)
    const fox = requestOf(requests, 'a fox')
    expect(fox).toMatchObject({ kind: 'generation', status: 'succeeded', n: 2, parameters: { size: '64x64', seed: 7 } })
    const day = new Date().toISOString().slice(0, 10)
    expect(fox.images.map(({ file }) => file)).toEqual([1, 2].map((n) => `images/${day}/${fox.id}-${n}.png`))
    const edit = requestOf(requests, 'rain')
    expect(edit).toMatchObject({ kind: 'edit', visibility: 'SECRET' })
    expect(edit.images.map(({ kind, file }) => [kind, file?.replace(/^.*\//, '')])).toEqual([
      ['input', `${edit.id}-input-1.png`],
      ['mask', `${edit.id}-mask.png`],
      ['output', `${edit.id}-1.png`]
    ])
    for (const { images } of requests) {
      for (const { file, sha256: said } of images) expect(sha256(archive.images.get(file!)!)).toBe(said)
    }
    expect(archive.summary).toMatchObject({ person: { email: user.email }, requests: 3, images: 6, missing_images: 0 })
    for (const secret of [user.key, 't0ken', 'whsec_', other.id, other.email]) {
      expect(archive.text).not.toContain(secret)
    }
  })

  it('is asked for by the command line, by the operator and by whoever has a key', async () => {
    const user = await gateway.addUser()
    await furnish(user)
    const [theirs, own] = [join(folder, `theirs-${user.id}.zip`), join(folder, `own-${user.id}.zip`)]
    const run = (args: string[], more: Record<string, string> = {}) =>
      runProgram(args, { env: { ...env, INFERENCE_CLUB_DATA_DIR: gateway.dataDir, ...more } })
    expect(await run(['export', '--user', user.email, '--out', theirs])).toEqual({
      code: 0,
      stdout: `${theirs}\n`,
      stderr: ''
    })
    const withKey = { INFERENCE_CLUB_API_KEY: user.key, INFERENCE_CLUB_URL: gateway.url }
    expect(await run(['export', '--out', own], withKey)).toEqual({ code: 0, stdout: `${own}\n`, stderr: '' })
    for (const path of [theirs, own]) {
      expect(readArchive(await readFile(path)).requests).toHaveLength(3)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
    }
    const before = await readdir(folder)
    const none = join(folder, 'none.zip')
    expect(await run(['export', '--user', 'nobody@example.org', '--out', none])).toMatchObject({
      code: 1,
      stderr: 'There is nobody with the address nobody@example.org.\n'
    })
    const wrong = await run(['export', '--out', none], { ...withKey, INFERENCE_CLUB_API_KEY: 'ic_wrong' })
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/^[^\n]*API key[^\n]*\n$/) as string })
    expect((await run(['export'])).code).toBe(2)
    expect((await run(['export', '--out', join(folder, 'not', 'there.zip')], withKey)).code).toBe(1)
    expect(await readdir(folder)).toEqual(before)
  })

  it('tells of images whose bytes are gone or cut, and goes on', async () => {
    const user = await gateway.addUser()
    await furnish(user)
    const { store } = gateway.gateway.context
    const rows = (await assetsOf(user.id)).filter(({ kind }) => kind === 'output')
    const [gone, cut] = rows as [(typeof rows)[0], (typeof rows)[0]]
    await store.remove([gone.storage_key, cut.storage_key])
    await store.put(cut.storage_key, Readable.from([Buffer.from('half')]), { maxBytes: 4 })
    const { requests, images, summary } = await fetchArchive(user)
    expect(images.size).toBe(4)
    const told = requests.flatMap((one) => one.images).filter(({ missing }) => missing !== undefined)
    expect(told.map(({ asset_id }) => asset_id).sort()).toEqual([gone.id, cut.id].sort())
    expect(told.map(({ file, missing }) => [file, missing])).toEqual(Array(2).fill([null, 'gone']))
    expect(summary).toMatchObject({ requests: 3, images: 4, missing_images: 2 })
  })

  it('leaves out what was deleted, and is empty for whoever has nothing', async () => {
    const user = await gateway.addUser()
    expect((await fetchArchive(user)).summary).toMatchObject({ requests: 0, images: 0 })
    await furnish(user)
    const { requests } = await fetchArchive(user)
    const { id } = requestOf(requests, 'rain')
    expect((await gateway.call(`/v1/jobs/${id}`, { method: 'DELETE', key: user.key })).status).toBe(200)
    const after = await fetchArchive(user)
    expect(after.requests.map((one) => one.prompt).sort()).toEqual(['a fox', 'hang on'])
    expect(after.images.size).toBe(3)
  })
})

describe('who may', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startTestGateway()
    await gateway.addAgent({ key: (await gateway.addUser()).key, services: [{}] })
  })
  afterAll(() => gateway.close())

  /** Gives somebody an image that takes long to send. */
  async function makeHuge(user: TestUser) {
    await generate(user.client, { prompt: 'huge', size: '64x64' })
    const { db } = gateway.database
    const row = await db.selectFrom('assets').selectAll().where('owner_id', '=', user.id).executeTakeFirstOrThrow()
    await truncate(join(gateway.dataDir, 'objects', row.storage_key), HUGE)
    await db.updateTable('assets').set({ bytes: HUGE }).where('id', '=', row.id).execute()
  }

  /** An export that has begun; `rest` reads on to its end. */
  async function begin(init: { key?: string; headers?: Record<string, string> }, path = '/v1/export') {
    const left = new AbortController()
    const answer = await gateway.call(path, { ...init, signal: left.signal })
    expect(answer.status).toBe(200)
    const reader = answer.body!.getReader()
    await reader.read()
    const rest = async (): Promise<number> => {
      let bytes = 0
      for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.length
      return bytes
    }
    return { rest, leave: () => left.abort() }
  }

  it('is somebody with a key of the right scope, or a session', async () => {
    const user = await gateway.addUser()
    const { key } = await gateway.addKey(user, { scopes: ['usage', 'agent'] })
    expect((await gateway.call('/v1/export')).status).toBe(401)
    expect((await gateway.call('/api/dashboard/export')).status).toBe(401)
    expect((await gateway.call('/api/dashboard/export', { key: user.key })).status).toBe(401)
    expect((await gateway.call('/v1/export', { key })).status).toBe(403)
    expect((await gateway.call('/v1/export', { key: user.key, method: 'HEAD' })).status).toBe(405)
    expect((await gateway.call('/v1/export?user=usr_1', { key: user.key })).status).toBe(400)
    const cookie = await gateway.signIn(user)
    const own = await gateway.call('/api/dashboard/export', { headers: { cookie } })
    expect(readArchive(new Uint8Array(await own.arrayBuffer())).summary).toMatchObject({ person: { id: user.id } })
  })

  it('is nobody whose key is revoked or who is disabled, before and in the middle', async () => {
    const [revoked, disabled, signedOut] = [await gateway.addUser(), await gateway.addUser(), await gateway.addUser()]
    for (const user of [revoked, disabled, signedOut]) await makeHuge(user)
    const { apiKeys, people } = gateway.gateway.context
    const cookie = await gateway.signIn(signedOut)
    const begun = [
      await begin({ key: revoked.key }),
      await begin({ key: disabled.key }),
      await begin({ headers: { cookie } }, '/api/dashboard/export')
    ]
    await apiKeys.revoke(revoked.keyId)
    for (const { id: userId } of [disabled, signedOut]) {
      await people.change({ userId, by: null, change: { disabled: true } })
    }
    for (const { rest } of begun) await expect(rest()).rejects.toThrow()
    for (const { key } of [revoked, disabled]) expect((await gateway.call('/v1/export', { key })).status).toBe(401)
    expect((await gateway.call('/api/dashboard/export', { headers: { cookie } })).status).toBe(401)
  })

  it('has one at a time, which ends with its caller, and takes no more memory for more bytes', async () => {
    const user = await gateway.addUser()
    await makeHuge(user)
    const first = await begin({ key: user.key })
    const second = await gateway.call('/v1/export', { key: user.key })
    expect([second.status, (await readError(second)).code]).toEqual([429, 'rate_limit_exceeded'])
    first.leave()
    await waitFor(async () => {
      const { status, body } = await gateway.call('/v1/export', { key: user.key })
      await body?.cancel()
      return status === 200
    })
    const before = process.memoryUsage().rss
    let most = 0
    const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
    const third = await waitFor(async () => begin({ key: user.key }).catch(() => undefined))
    expect(await third.rest()).toBeGreaterThan(HUGE - 1024 * 1024)
    clearInterval(watching)
    expect(most - before).toBeLessThan(HUGE / 2)
  }, 60_000)
})
