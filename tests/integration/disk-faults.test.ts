import { randomBytes } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attemptRow, connectFor, ended, picture, submit, unique, usageOf } from '../support/agent-work.ts'
import { databaseFull, failingCommits } from '../support/failing-commits.ts'
import { SMALL } from '../support/image-calls.ts'
import { multipart } from '../support/multipart.ts'
import { readError } from '../support/read-error.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

const failCommits = failingCommits()
const wrap = wrapUntilTheEnd()

let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
})
afterAll(() => gateway.close())

async function assigned() {
  const model = unique('model')
  const agent = await connectFor(gateway, user, model)
  const id = await submit(user, model)
  const { attempt_id: attemptId, token } = await agent.received('attempt.assigned')
  return { agent, id, model, attemptId, token }
}

describe('the image of an agent whose row cannot be written', () => {
  it('is not left behind, however often it is brought, and is stored once that works', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const before = await storedFiles(gateway.dataDir)
    const body = await picture()
    failCommits({ times: 5 })
    for (let tries = 0; tries < 5; tries++) {
      expect((await agent.put(attemptId, { token, body })).status).toBeGreaterThanOrEqual(500)
      expect(await storedFiles(gateway.dataDir)).toEqual(before)
    }
    expect((await agent.put(attemptId, { token, body })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    expect(await storedFiles(gateway.dataDir)).toHaveLength(before.length + 1)
    expect(await usageOf(gateway, id)).toHaveLength(1)
    await agent.close()
  })

  it('stays when the row was written though that was said to fail', async () => {
    const { agent, id, attemptId, token } = await assigned()
    const before = await storedFiles(gateway.dataDir)
    const body = await picture()
    failCommits({ times: 1, afterwards: true })
    expect((await agent.put(attemptId, { token, body })).status).toBeGreaterThanOrEqual(500)
    expect((await attemptRow(gateway, attemptId)).state).toBe('succeeded')
    expect(await storedFiles(gateway.dataDir)).toHaveLength(before.length + 1)
    expect((await agent.put(attemptId, { token, body })).status).toBe(200)
    const { result } = await ended(user, id)
    const image = await fetch(result!.data[0]!.url)
    expect(Buffer.from(await image.arrayBuffer()).equals(body)).toBe(true)
    await agent.close()
  })
})

async function expectStorageUnavailable(response: Response): Promise<void> {
  expect([response.status, (await readError(response)).code]).toEqual([503, 'storage_unavailable'])
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
}

describe('a disk of images that fails', () => {
  type Step = 'writev' | 'sync'
  /** What the disk says to that step from now on, while more is to come; undefined lets it work again. */
  let says: { step: Step; code: string } | undefined

  const breakDisk = async () => {
    const file = await open(join(gateway.dataDir, 'a file'), 'w')
    await file.close()
    const prototype = Object.getPrototypeOf(file) as FileHandle
    wrap(prototype, 'writev', (original) => {
      return async function (this: FileHandle, pieces: Buffer[]) {
        if (says?.step === 'writev') throw faultOf(says.code)
        return original.call(this, pieces)
      } as typeof original
    })
    wrap(prototype, 'sync', (original) => {
      return async function (this: FileHandle) {
        if (says?.step === 'sync') throw faultOf(says.code)
        return original.apply(this)
      }
    })
  }
  const faultOf = (code: string) => Object.assign(new Error(`${code}: ${gateway.dataDir}`), { code, syscall: 'write' })

  const large = sharp(randomBytes(320 * 320 * 3), { raw: { width: 320, height: 320, channels: 3 } })
    .png()
    .toBuffer()

  const edit = async () => {
    const form = multipart([
      // Of many pieces, so that there is more to come when the disk fails.
      { name: 'image', filename: 'a.png', body: await large },
      { name: 'model', body: 'demo' },
      { name: 'prompt', body: 'a fox' }
    ])
    return gateway.call('/v1/images/edits', {
      method: 'POST',
      key: user.key,
      body: new Uint8Array(form.body),
      headers: { 'content-type': form.contentType }
    })
  }

  it.each<Step>(['writev', 'sync'])('at %s is answered 503 to whoever sends one, and leaves nothing', async (step) => {
    await breakDisk()
    const { agent, id, attemptId, token } = await assigned()
    const before = await storedFiles(gateway.dataDir)
    for (const code of ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']) {
      says = { step, code }
      const image_url = `data:image/png;base64,${(await large).toString('base64')}`
      const json = { model: 'demo', prompt: 'x', images: [{ image_url }] }
      await expectStorageUnavailable(await edit())
      await expectStorageUnavailable(await gateway.call('/v1/images/edits', { key: user.key, json }))
      await expectStorageUnavailable(await agent.put(attemptId, { token, body: await large }))
      expect(await storedFiles(gateway.dataDir)).toEqual(before)
    }
    says = undefined
    expect((await agent.put(attemptId, { token, body: await picture() })).status).toBe(200)
    expect((await ended(user, id)).status).toBe('PROCESSED')
    await agent.close()
  })
})

describe('a disk of the database that fails', () => {
  const submitJob = (fields: object) =>
    gateway.call('/v1/images/generations', { key: user.key, json: { ...SMALL, async: true, ...fields } })

  it.each([
    [13, 'storage_unavailable'],
    [778, 'storage_unavailable'],
    [1034, 'storage_unavailable'],
    [8, 'storage_unavailable'],
    [5, 'database_unavailable'],
    [14, 'database_unavailable']
  ])('is answered 503 when a commit says %i: %s', async (errcode, code) => {
    const { agent, model, attemptId, token } = await assigned()
    failCommits({ times: 2, error: databaseFull(errcode) })
    const response = await agent.put(attemptId, { token, body: await picture() })
    expect([response.status, (await readError(response)).code]).toEqual([503, code])
    const submitted = await submitJob({ model })
    expect([submitted.status, (await readError(submitted)).code]).toEqual([503, code])
    await agent.close()
  })

  it('is answered 503 when there is no page left, and works when there is', async () => {
    const agent = await connectFor(gateway, user, 'demo')
    const { db } = gateway.database
    // SQLite itself ends the transaction then, and there is nothing left to roll back.
    await sql`pragma max_page_count = 1`.execute(db)
    const long = { prompt: 'x'.repeat(30_000) }
    await expectStorageUnavailable(await submitJob(long))
    const batch = { requests: [{ endpoint: '/v1/images/generations', body: { ...SMALL, ...long } }] }
    await expectStorageUnavailable(await gateway.call('/v1/batches', { key: user.key, json: batch }))
    await sql`pragma max_page_count = 4294967294`.execute(db)
    expect((await submitJob(long)).status).toBe(202)
    await agent.close()
  })
})
