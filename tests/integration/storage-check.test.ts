import { mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openStorageCheck } from '../../src/app/storage-check.ts'
import { sweepOrphans } from '../../src/assets/sweep-orphans.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { generate, type JobAnswer } from '../support/image-calls.ts'
import { runProgram } from '../support/run-program.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const HOURS_2 = 7_200_000

let gateway: TestGateway
let user: TestUser
beforeAll(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  await gateway.addAgent({ key: user.key, services: [{}] })
})
afterAll(() => gateway.close())
beforeEach(() => removeAll())

/** The command beside the running gateway. */
const check = (...args: string[]) =>
  runProgram(['storage', 'check', ...args], { env: { INFERENCE_CLUB_DATA_DIR: gateway.dataDir } })

const pathOf = (key: string) => join(gateway.dataDir, 'objects', key)

async function makeImage() {
  const { data } = await generate(user.client, { size: '64x64' })
  const row = await gateway.database.db
    .selectFrom('assets')
    .selectAll()
    .where('id', '=', data[0]!.asset_id)
    .executeTakeFirstOrThrow()
  return { row, bytes: await readFile(pathOf(row.storage_key)) }
}

/** Takes its row away, as an older database would not have it; the bytes are two hours old. */
async function makeUnnamed() {
  const image = await makeImage()
  await gateway.database.db.deleteFrom('assets').where('id', '=', image.row.id).execute()
  await gateway.database.db.deleteFrom('usage_images').where('asset_id', '=', image.row.id).execute()
  await makeOld(image.row.storage_key, image.bytes)
  return image
}

async function makeOld(key: string, bytes: Buffer | string): Promise<void> {
  await mkdir(dirname(pathOf(key)), { recursive: true })
  await writeFile(pathOf(key), bytes)
  const then = new Date(Date.now() - HOURS_2)
  await utimes(pathOf(key), then, then)
}

const setAside = () => {
  const { store, assetStore, database } = gateway.gateway.context
  return sweepOrphans({ store, assets: assetStore, clock: database.clock, quarantineMs: 30 * 86_400_000 })
}

async function removeAll(): Promise<void> {
  const { db } = gateway.database
  for (const table of ['assets', 'attempts', 'tasks', 'requests'] as const) {
    await db.deleteFrom(table).execute()
  }
  for (const file of await storedFiles(gateway.dataDir)) await rm(join(gateway.dataDir, file))
}

const listJobs = async (): Promise<JobAnswer[]> => {
  const { data } = (await (await gateway.call('/v1/jobs', { key: user.key })).json()) as { data: { id: string }[] }
  return Promise.all(
    data.map(async ({ id }) => (await (await gateway.call(`/v1/jobs/${id}`, { key: user.key })).json()) as JobAnswer)
  )
}

it('finds nothing where every row has its bytes and all bytes have a row', async () => {
  await makeImage()
  const { code, stdout, stderr } = await check()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe('Every image has its row and its bytes.\n')
})

it('lists rows without their bytes, bytes without a row, and ends with 1; it changes nothing', async () => {
  const [gone, cut, whole] = [await makeImage(), await makeImage(), await makeImage()]
  await rm(pathOf(gone.row.storage_key))
  await writeFile(pathOf(cut.row.storage_key), cut.bytes.subarray(0, 10))
  const aside = await makeUnnamed()
  await setAside()
  const unnamed = await makeUnnamed()
  const before = await storedFiles(gateway.dataDir)
  const { code, stdout, stderr } = await check()
  expect(code).toBe(1)
  expect(stderr).toMatch(/^2 images without bytes, 2 without a row: .*--adopt.*\n$/)
  const lineOf = (text: string) => stdout.split('\n').find((line) => line.includes(text))
  expect(lineOf(gone.row.id)).toContain(`${gone.row.request_id}\t${user.email}`)
  expect(lineOf(gone.row.id)).toContain(`\tmissing`)
  expect(lineOf(cut.row.id)).toContain(`\t10 bytes instead of ${cut.row.bytes}`)
  expect(lineOf(whole.row.id)).toBeUndefined()
  expect(lineOf(aside.row.id)).toMatch(/^quarantine\/\d{4}-\d\d-\d\d\/.*\tset aside, erased after \d{4}-\d\d-\d\d /)
  expect(lineOf(unnamed.row.id)).toMatch(/^images\/.*\twithin the hour set aside$/)
  expect(await storedFiles(gateway.dataDir)).toEqual(before)
})

it('says of bytes that are too young to judge when they can be, and of those with a row nothing', async () => {
  const { row } = await makeImage()
  await makeImage()
  await gateway.database.db.deleteFrom('assets').where('id', '=', row.id).execute()
  const { code, stdout } = await check()
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /^1 image has no row yet, which may be about to be written: look again after \d{4}-\d\d-\d\d .*\.\n$/
  )
})

it('finds other bytes than were stored, unless it is to read none', async () => {
  const { row, bytes } = await makeImage()
  const other = Buffer.from(bytes)
  other[other.length - 20]! ^= 1
  await writeFile(pathOf(row.storage_key), other)
  const { code, stdout, stderr } = await check()
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^1 image without bytes: /) as string })
  expect(stdout).toContain('other bytes than were stored')
  expect(await check('--no-hashes')).toMatchObject({ code: 0 })
})

it('gives images without a row to somebody, each as a request of which nothing is known', async () => {
  const images = [await makeUnnamed(), await makeUnnamed()]
  await setAside()
  images.push(await makeUnnamed())
  // No image at all: it stays.
  await makeOld('images/zz/ast_text', 'This is no image.')
  const { db } = gateway.database
  for (const table of ['attempts', 'tasks', 'requests'] as const) await db.deleteFrom(table).execute()

  const unknown = await check('--adopt', 'nobody@example.org')
  expect({ code: unknown.code, stderr: unknown.stderr }).toEqual({
    code: 1,
    stderr: 'There is nobody with the address nobody@example.org.\n'
  })

  const { code, stdout, stderr } = await check('--adopt', user.email)
  expect(stdout).toContain(`3 images belong to ${user.email} now.\n`)
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/^1 without a row/) as string })

  const jobs = await listJobs()
  expect(jobs).toHaveLength(3)
  const found = new Map<string, Buffer>()
  for (const job of jobs) {
    expect(job).toMatchObject({ status: 'PROCESSED', model: 'unknown', prompt: '', attempts: [] })
    expect(Math.abs(job.created * 1000 - (Date.now() - HOURS_2))).toBeLessThan(60_000)
    const { data, warnings } = (job as unknown as { result: { data: { url: string }[]; warnings: string[] } }).result
    expect(warnings).toEqual([expect.stringContaining('found in the store')])
    const bytes = Buffer.from(await (await gateway.call(new URL(data[0]!.url).pathname)).arrayBuffer())
    found.set(bytes.toString('base64'), bytes)
  }
  expect([...found.keys()].sort()).toEqual(images.map(({ bytes }) => bytes.toString('base64')).sort())
  const stored = await gateway.database.db.selectFrom('stored_bytes').selectAll().execute()
  expect(stored).toEqual([{ owner_id: user.id, bytes: images.reduce((sum, { bytes }) => sum + bytes.length, 0) }])

  const cookie = await gateway.signIn(user)
  for (const path of ['requests', ...jobs.map(({ id }) => `requests/${id}`)]) {
    expect((await callDashboard(gateway, { cookie }, path)).status, path).toBe(200)
  }

  // Once: they have rows now, and can be deleted like any other.
  expect((await check('--adopt', user.email)).stdout).toContain(`0 images belong to ${user.email} now.`)
  for (const { id } of jobs) {
    expect((await gateway.call(`/v1/jobs/${id}`, { key: user.key, method: 'DELETE' })).status).toBe(200)
  }
  expect((await storedFiles(gateway.dataDir)).map((file) => file.replace(/^.*\//, ''))).toEqual(['ast_text'])
})

it('says of an image that a newer database has again that it comes back, and keeps it', async () => {
  const { row } = await makeUnnamed()
  await setAside()
  await gateway.database.db.insertInto('assets').values(row).execute()
  const { code, stdout } = await check('--erase')
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: '1 image is set aside and put back within the hour by a running server.\n'
  })
  await setAside()
  expect((await check()).stdout).toBe('Every image has its row and its bytes.\n')
})

it('loses nothing of what it gives away when the sweeper erases it at the same moment', async () => {
  const { row, bytes } = await makeUnnamed()
  await setAside()
  const { database } = gateway.gateway.context
  const eraseAside = () => rm(pathOf('quarantine'), { recursive: true })
  // Between the row and what comes after it.
  const storage = await openStorageCheck(
    { ...database, durable: () => eraseAside() },
    { dataDir: gateway.dataDir, quarantineMs: 1 }
  )
  const { unnamed } = await storage.find({ readsAll: true })
  expect(await storage.adopt(unnamed, user.id)).toEqual([])
  expect(await readFile(pathOf(row.storage_key))).toEqual(bytes)
})

it('gives no row to what the sweeper has erased before', async () => {
  await makeUnnamed()
  await setAside()
  const storage = await openStorageCheck(gateway.gateway.context.database, {
    dataDir: gateway.dataDir,
    quarantineMs: 1
  })
  const { unnamed } = await storage.find({ readsAll: true })
  await rm(pathOf('quarantine'), { recursive: true })
  expect(await storage.adopt(unnamed, user.id)).toEqual(unnamed)
  expect(await gateway.database.db.selectFrom('assets').select('id').execute()).toEqual([])
})

it('erases images without a row when it is told to, and leaves what is young or has one', async () => {
  const kept = await makeImage()
  await makeUnnamed()
  await setAside()
  await makeUnnamed()
  const young = await makeImage()
  await gateway.database.db.deleteFrom('assets').where('id', '=', young.row.id).execute()
  expect((await check('--erase', '--adopt', user.email)).code).toBe(2)
  const { code, stdout } = await check('--erase')
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Erased 2 images.') as string })
  const files = await storedFiles(gateway.dataDir)
  expect(files).toEqual([kept, young].map(({ row }) => join('objects', row.storage_key)).sort())
})

it('says in one line when the images cannot be looked at', async () => {
  const { row } = await makeImage()
  const folder = dirname(pathOf(row.storage_key))
  await rm(folder, { recursive: true })
  // A loop, which nobody can look into, whoever they are.
  await symlink(folder, folder)
  const { code, stdout, stderr } = await check()
  await rm(folder)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^The images in \S+ cannot be read or written: .*ELOOP.*\n$/)
})
