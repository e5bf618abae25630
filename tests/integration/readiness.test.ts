import { mkdir, open, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createHeldDisk, watch } from '../support/held-disk.ts'
import { generate, type ImagesAnswer } from '../support/image-calls.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { addPainters } from '../support/webhook-calls.ts'
import { wrapUntilTheEnd } from '../support/wrap-method.ts'

const disk = createHeldDisk()
const wrap = wrapUntilTheEnd()

let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway({ syncFile: disk.sync })
  user = await gateway.addUser()
  await addPainters(gateway)
})
afterEach(() => disk.release())
afterAll(() => gateway.close())

const isReady = async () => (await gateway.call('/readyz')).status === 200
const isNotReady = async () => !(await isReady())
const inFolder = (...names: string[]) => join(gateway.dataDir, ...names)

async function expectNotReady(): Promise<void> {
  await waitFor(isNotReady)
  const answer = await (await gateway.call('/readyz')).text()
  expect(JSON.parse(answer)).toMatchObject({ status: 'not ready' })
  expect(answer).not.toContain(gateway.dataDir)
  expect(answer).not.toContain('sqlite')
  expect(answer).not.toMatch(/[/\\]/)
}

describe('readiness', () => {
  it('leaves nothing behind', async () => {
    expect(await isReady()).toBe(true)
    expect(await readdir(inFolder())).not.toContain('.readiness')
    expect(await readdir(inFolder('objects', 'readiness'))).toEqual([])
    expect(await readdir(inFolder('unfinished'))).toEqual([])
  })

  it('makes folders again that somebody has removed', async () => {
    const before = (await generate(user.client)) as ImagesAnswer
    await rm(inFolder('objects'), { recursive: true })
    await rm(inFolder('unfinished'), { recursive: true })
    // Looked at once more than what is remembered.
    await waitFor(async () => (await isReady()) && (await readdir(inFolder())).includes('objects'))
    const { data } = (await generate(user.client)) as ImagesAnswer
    expect((await fetch(data[0]!.url)).status).toBe(200)
    expect((await fetch(before.data[0]!.url)).status).toBe(503)
  })

  it.each(['objects', 'unfinished'])('ends with something in the place of %s, and comes back with it', async (name) => {
    await rename(inFolder(name), inFolder('away'))
    await writeFile(inFolder(name), 'in the way')
    await expectNotReady()
    await rm(inFolder(name))
    await rename(inFolder('away'), inFolder(name))
    await waitFor(isReady)
  })

  it('ends where the folder of the database cannot be written', async () => {
    await mkdir(inFolder('.readiness'))
    await expectNotReady()
    await rmdir(inFolder('.readiness'))
    await waitFor(isReady)
  })

  it.each(['ENOSPC', 'EIO'])('ends when real bytes cannot be written (%s), though empty files can', async (code) => {
    const file = await open(inFolder('a file'), 'w')
    await file.close()
    let broken = true
    wrap(Object.getPrototypeOf(file) as typeof file, 'writeFile', (original) => {
      return async function (this: typeof file, ...values: Parameters<typeof original>) {
        if (broken) throw Object.assign(new Error(`${code}: write`), { code })
        return original.apply(this, values)
      }
    })
    await expectNotReady()
    broken = false
    await waitFor(isReady)
  })

  it.each(['', '-wal'])('ends when the file of the database%s is not the one that is open', async (suffix) => {
    const path = inFolder(`inference-club.sqlite${suffix}`)
    await rename(path, inFolder('away'))
    await expectNotReady()
    await writeFile(path, '')
    await expectNotReady()
    await rename(inFolder('away'), path)
    await waitFor(isReady)
  })

  it('ends within seconds when the disk hangs, for all who ask', async () => {
    await waitFor(isReady)
    disk.hold()
    await gateway.addUser()
    await waitFor(isNotReady)
    const began = performance.now()
    const answers = await Promise.all([isReady(), isReady()])
    expect(answers).toEqual([false, false])
    expect(performance.now() - began).toBeLessThan(10_000)
    disk.release()
    await waitFor(isReady)
  })
})

describe('while one sync hangs', () => {
  it('what promises nothing waits for nothing', async () => {
    const { data } = (await generate(user.client)) as ImagesAnswer
    const image = new URL(data[0]!.url).pathname
    await gateway.database.durable()
    disk.hold()
    await gateway.addUser()
    const promise = watch(gateway.call('/v1/jobs', { key: user.key }))
    for (const [path, status] of [
      ['/healthz', 200],
      ['/favicon.svg', 200],
      ['/', 200],
      ['/docs/', 200],
      ['/openapi.json', 200],
      ['/metrics', 401],
      ['/nothing', 404],
      ['/v1/nothing', 404],
      [image, 200]
    ] as const) {
      const response = await gateway.call(path)
      expect([path, response.status]).toEqual([path, status])
      await response.arrayBuffer()
    }
    const headers = { origin: 'https://app.example.org', 'access-control-request-method': 'POST' }
    expect((await gateway.call('/v1/images/generations', { method: 'OPTIONS', headers })).status).toBe(204)
    await disk.expectHeldBack(promise)
    disk.release()
    expect((await promise.answer).status).toBe(200)
  })
})
