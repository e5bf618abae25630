import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBothStores } from '../../src/storage/open-store.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { ObjectStore } from '../../src/storage/object-store.ts'
import { generate } from '../support/image-calls.ts'
import { runProgram, startProgram } from '../support/run-program.ts'
import { type S3Process, spawnS3 } from '../support/spawn-s3.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let s3: S3Process
beforeAll(async () => {
  s3 = await spawnS3()
})
afterAll(() => s3.close())

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const IMAGES = 16

describe.each([
  ['from a folder to a bucket', 'put'],
  ['from a bucket to a folder', 'get']
] as const)('%s', (name, operation) => {
  const prefix = name.replaceAll(' ', '-')
  let dataDir: string
  let bucket: Record<string, string>
  let before: Record<string, string>
  let during: Record<string, string>
  let after: Record<string, string>
  let gateway: TestGateway
  let user: TestUser
  let stores: { to: ObjectStore; from: ObjectStore }
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'inference-club-move-'))
    const { INFERENCE_CLUB_STORAGE: place = '', ...server } = s3.env(prefix)
    bucket = { INFERENCE_CLUB_STORAGE: place, ...server }
    ;[before, during, after] =
      operation === 'put'
        ? [{}, { ...bucket, INFERENCE_CLUB_STORAGE_FROM: 'disk' }, bucket]
        : [bucket, { ...server, INFERENCE_CLUB_STORAGE_FROM: place }, {}]
    const { to, from } = await openBothStores(loadConfig({ INFERENCE_CLUB_DATA_DIR: dataDir, ...during }), {
      isShared: true
    })
    stores = { to, from: from! }
  })
  afterAll(() => rm(dataDir, { recursive: true }))

  const start = async (env: Record<string, string>) => {
    gateway = await startTestGateway({ dataDir, env })
    user = await gateway.addUser()
    await gateway.addAgent({ key: user.key, services: [{ concurrency: 2 }] })
  }
  const make = async () => (await generate(user.client, { size: '64x64' })).data[0]!.asset_id
  const rows = () => gateway.database.db.selectFrom('assets').selectAll().orderBy('id').execute()
  const move = (...args: string[]) =>
    runProgram(['storage', 'move', ...args], { env: { ...during, INFERENCE_CLUB_DATA_DIR: dataDir } })
  const keysOf = async (store: ObjectStore, below = '') =>
    (await Array.fromAsync(store.list(below)))
      .map(({ key }) => key)
      .filter((key) => !key.startsWith('readiness/'))
      .sort()
  const put = (store: ObjectStore, key: string, bytes: Buffer) =>
    store.put(key, Readable.from([bytes]), { maxBytes: bytes.length })
  const read = async (store: ObjectStore, key: string) => buffer((await store.open(key))!)
  const serves = async (id: string) => {
    const answer = await gateway.call(`/api/inference/assets/${id}/`)
    return answer.status === 200 && sha256(Buffer.from(await answer.arrayBuffer()))
  }
  const expectAllServed = async () => {
    for (const row of await rows()) expect([row.id, await serves(row.id)]).toEqual([row.id, row.sha256])
  }

  it('moves all while images are made and deleted, killed in the middle, and loses nothing', async () => {
    await start(before)
    for (let made = 0; made < IMAGES; made += 4) await Promise.all([make(), make(), make(), make()])
    const [damaged, thumbed] = (await rows()) as [
      Awaited<ReturnType<typeof rows>>[0],
      Awaited<ReturnType<typeof rows>>[0]
    ]
    expect((await gateway.call(`/api/inference/assets/${thumbed.id}/?width=32`)).status).toBe(200)
    const orphan = `quarantine/${new Date().toISOString().slice(0, 10)}/ab/ast_orphan`
    await put(stores.from, orphan, Buffer.from('somebody had it'))

    // The server has to know first.
    expect(await move()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^The server that runs here .*\n$/) as string
    })
    await gateway.close()
    await start(during)
    await expectAllServed()

    const whole = await read(stores.from, damaged.storage_key)
    await put(stores.from, damaged.storage_key, Buffer.from(whole).fill(0, 40))
    const first = startProgram(['storage', 'move'], { env: { ...during, INFERENCE_CLUB_DATA_DIR: dataDir } })
    await waitFor(async () => {
      expect([first.process.exitCode, first.output()]).toEqual([null, ''])
      return (await keysOf(stores.to, 'images/')).length >= 2
    }, 20_000)
    await s3.control({ hang: [operation] })
    await first.stop('SIGKILL')
    await s3.control({})
    const halfway = (await keysOf(stores.to, 'images/')).length
    expect(halfway).toBeLessThan(IMAGES)

    // Made, deleted and looked at while it goes on.
    const meanwhile = (async () => {
      for (let round = 0; round < 4; round++) {
        await make()
        const { request_id: id } = (await rows()).at(-1)!
        if (![damaged.request_id, thumbed.request_id].includes(id))
          await gateway.call(`/v1/jobs/${id}`, { method: 'DELETE', key: user.key })
      }
    })()
    const second = await move()
    await meanwhile
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^1 image not moved, 0 without bytes/) as string
    })
    expect(second.stdout).toContain(
      `${damaged.storage_key}\tits bytes cannot be read, or are not those that were stored`
    )
    expect(second.stdout).toMatch(/^Moved \d+ images? .*, [1-9]\d* had been moved before/)
    expect(await stores.to.stat(damaged.storage_key)).toBeUndefined()

    await put(stores.from, damaged.storage_key, whole)
    const wanted = (await rows()).map((row) => row.storage_key).sort()
    const last = await move('--delete-source')
    expect(last).toMatchObject({ code: 0, stderr: '' })
    expect(last.stdout).toMatch(
      /All images are in .*, each read back and compared; nothing is left in .*STORAGE_FROM\.\n$/
    )
    expect(await keysOf(stores.from)).toEqual([])
    expect(await keysOf(stores.to, 'images/')).toEqual(wanted)
    expect((await read(stores.to, orphan)).toString()).toBe('somebody had it')
    for (const row of await rows()) expect(sha256(await read(stores.to, row.storage_key))).toBe(row.sha256)
    await expectAllServed()
    await gateway.close()

    await start(after)
    await expectAllServed()
    expect((await gateway.call(`/api/inference/assets/${thumbed.id}/?width=32`)).status).toBe(200)
    await make()
    await gateway.close()
  }, 120_000)
})

it('says first what is to be set, and moves nothing', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'inference-club-move-'))
  const gateway = await startTestGateway({ dataDir })
  const move = (args: string[], env: Record<string, string> = {}) =>
    runProgram(['storage', 'move', ...args], { env: { INFERENCE_CLUB_DATA_DIR: dataDir, ...env } })
  expect(await move(['--to', 's3://club/images'])).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^First set INFERENCE_CLUB_STORAGE=s3:\/\/club\/images and set INFERENCE_CLUB_STORAGE_FROM=disk, .*\n$/
    ) as string
  })
  expect((await move(['--to', '/srv/images'])).stderr).toMatch(/^Images on a disk lie in the data folder, .*\n$/)
  expect((await move(['--to', dataDir], s3.env('x'))).stderr).toMatch(
    /^First unset INFERENCE_CLUB_STORAGE and set .*\n$/
  )
  await gateway.close()
  await rm(dataDir, { recursive: true })
})
