import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let fakes: FakeModels

beforeAll(async () => {
  gateway = await startTestGateway()
  fakes = await startFakeModels(gateway)
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

let pictures = 0
const newPicture = () => plainPng({ width: 32, height: 32 }, [1, 2, ++pictures])
const dataUrl = (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`

const storedOf = ({ id }: TestUser) =>
  gateway.database.db
    .selectFrom('stored_bytes')
    .select('bytes')
    .where('owner_id', '=', id)
    .executeTakeFirst()
    .then((row) => row?.bytes)

/** What the rows say, each object once. */
async function takenBy({ id }: TestUser): Promise<number> {
  const rows = await gateway.database.db.selectFrom('assets').selectAll().where('owner_id', '=', id).execute()
  return [...new Map(rows.map((row) => [row.storage_key, row.bytes])).values()].reduce((sum, bytes) => sum + bytes, 0)
}

describe('what somebody has stored', () => {
  it('is each object once, and goes with the last that has it', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const image = { image_url: dataUrl(await newPicture()) }
    const ids: string[] = []
    for (const images of [[image], [image, image]]) {
      const json = { model: model.id, prompt: 'x', async: true, images }
      const response = await gateway.call('/v1/images/edits', { key: user.key, json })
      const { id } = (await response.json()) as { id: string }
      await jobs.ended(id)
      ids.push(id)
      expect(await storedOf(user)).toBe(await takenBy(user))
    }
    const { inputs } = await jobs.get(ids[0]!)
    const other = await fakes.newcomer()
    const output = (await jobs.get(ids[0]!)).result?.data[0]?.asset_id
    const borrowed = await other.jobs.submit({ model: other.model.id })
    await other.jobs.ended(borrowed)
    expect(inputs).toHaveLength(1)
    const json = { model: other.model.id, prompt: 'x', async: true, image: { file_id: output } }
    const response = await gateway.call('/v1/images/edits', { key: other.user.key, json })
    await other.jobs.ended(((await response.json()) as { id: string }).id)

    for (const id of ids) {
      await jobs.remove(id)
      expect((await storedOf(user)) ?? 0).toBe(await takenBy(user))
      expect(await storedOf(other.user)).toBe(await takenBy(other.user))
    }
    expect(await storedOf(user)).toBeUndefined()
    expect(await storedOf(other.user)).toBeGreaterThan(0)
  })

  it('is refused more as soon as it is as much as may be, naming the budget', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const { limits } = gateway.gateway.context.config
    const before = limits.storedBytesPerUser
    const id = await jobs.submit({ model: model.id })
    await jobs.ended(id)
    const stored = (await storedOf(user)) ?? 0
    const picture = await newPicture()
    const generations = ['/v1/images/generations', { model: model.id, prompt: 'x', async: true }] as const
    const edits = ['/v1/images/edits', { ...generations[1], image: { image_url: dataUrl(picture) } }] as const
    const batches = ['/v1/batches', { requests: [{ endpoint: generations[0], body: generations[1] }] }] as const
    const send = ([path, json]: readonly [string, unknown]) => gateway.call(path, { key: user.key, json })
    try {
      limits.storedBytesPerUser = stored
      const files = await storedFiles(gateway.dataDir)
      for (const call of [generations, edits, batches]) {
        const refused = await send(call)
        const error = await readError(refused)
        expect([call[0], refused.status, error.code]).toEqual([call[0], 429, 'insufficient_quota'])
        expect(error.message).toContain('LIMITS_STORED_BYTES_PER_USER')
      }
      // Its inputs count before it is taken.
      limits.storedBytesPerUser = stored + picture.length
      expect((await send(edits)).status).toBe(429)
      expect(await storedFiles(gateway.dataDir)).toEqual(files)
      expect(await storedOf(user)).toBe(stored)

      limits.storedBytesPerUser = stored + picture.length + 1
      expect((await send(edits)).status).toBe(202)
      await gateway.drain()
      expect((await send(generations)).status).toBe(429)
      await jobs.remove(id)
      limits.storedBytesPerUser = (await takenBy(user)) + 1
      expect((await send(generations)).status).toBe(202)
      await gateway.drain()
    } finally {
      limits.storedBytesPerUser = before
    }
  })
})
