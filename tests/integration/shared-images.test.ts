import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const SIZE = { width: 32, height: 32 }

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
/** One that nobody has sent before. */
const newPicture = () => plainPng(SIZE, [10, 200, ++pictures])
const dataUrl = (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`

const post = (user: TestUser, path: string, body: unknown) =>
  gateway.call(path, {
    key: user.key,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })

/** Submits an edit of these references and returns its job's id. */
async function edit(user: TestUser, model: string, fields: Record<string, unknown>): Promise<string> {
  const response = await post(user, '/v1/images/edits', { model, prompt: 'rain', async: true, ...fields })
  expect(response.status).toBe(202)
  return ((await response.json()) as { id: string }).id
}

const readAsset = async (user: TestUser, id: string | undefined) => {
  const response = await fetch(`${gateway.url}/api/inference/assets/${id}/`, {
    headers: { authorization: `Bearer ${user.key}` }
  })
  return response.status === 200 ? Buffer.from(await response.arrayBuffer()) : response.status
}

describe('an image that is here already', () => {
  it('is stored once, however often a batch names it, also when it is refused or canceled', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const picture = await newPicture()
    const { inputs } = await jobs.ended(await edit(user, model.id, { image: { image_url: dataUrl(picture) } }))
    const stored = await storedFiles(gateway.dataDir)
    const images = Array.from({ length: 16 }, () => ({ file_id: inputs[0]?.asset_id }))
    const requests = (n: number) =>
      Array.from({ length: 250 }, () => ({
        endpoint: '/v1/images/edits',
        body: { model: model.id, prompt: 'x', n, images }
      }))
    expect((await post(user, '/v1/batches', { requests: requests(10) })).status).toBe(503)
    expect(await storedFiles(gateway.dataDir)).toEqual(stored)

    model.answers('hang')
    const response = await post(user, '/v1/batches', { requests: requests(1) })
    expect(response.status).toBe(202)
    const { id } = (await response.json()) as { id: string }
    expect(await storedFiles(gateway.dataDir)).toEqual(stored)
    await post(user, `/v1/batches/${id}/cancel`, {})
  })

  it('is stored once when it is uploaded again, and goes with the last that has it', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const picture = await newPicture()
    const before = (await storedFiles(gateway.dataDir)).length
    const image = { image_url: dataUrl(picture) }
    const ids = [await edit(user, model.id, { image }), await edit(user, model.id, { images: [image, image] })]
    const [one, two] = await Promise.all(ids.map((id) => jobs.ended(id)))
    // The picture and two results.
    expect((await storedFiles(gateway.dataDir)).length).toBe(before + 3)

    expect((await jobs.remove(ids[0]!)).status).toBe(200)
    expect(await readAsset(user, one?.inputs[0]?.asset_id)).toBe(404)
    for (const { asset_id: id } of two!.inputs) expect(await readAsset(user, id)).toEqual(picture)
    expect((await jobs.remove(ids[1]!)).status).toBe(200)
    expect((await storedFiles(gateway.dataDir)).length).toBe(before)
  })

  it('is not shared between people who upload the same', async () => {
    const [one, other] = [await fakes.newcomer(), await fakes.newcomer()]
    const image = { image_url: dataUrl(await newPicture()) }
    const before = (await storedFiles(gateway.dataDir)).length
    for (const { user, jobs, model } of [one, other]) await jobs.ended(await edit(user, model.id, { image }))
    expect((await storedFiles(gateway.dataDir)).length).toBe(before + 4)
  })

  it('stays for whoever used it when its owner deletes it', async () => {
    const [owner, other] = [await fakes.newcomer(), await fakes.newcomer()]
    const original = await owner.jobs.submit({ model: owner.model.id })
    const output = (await owner.jobs.ended(original)).result?.data[0]?.asset_id
    const bytes = await readAsset(owner.user, output)
    const before = (await storedFiles(gateway.dataDir)).length
    const id = await edit(other.user, other.model.id, { image: { file_id: output } })
    const { inputs } = await other.jobs.ended(id)
    expect((await storedFiles(gateway.dataDir)).length).toBe(before + 1)

    expect((await owner.jobs.remove(original)).status).toBe(200)
    expect(await readAsset(owner.user, output)).toBe(404)
    expect(await readAsset(other.user, inputs[0]?.asset_id)).toEqual(bytes)
    expect((await other.jobs.remove(id)).status).toBe(200)
    expect((await storedFiles(gateway.dataDir)).length).toBe(before - 1)
  })

  it('that is deleted at the same moment is either refused or kept whole', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    for (let round = 0; round < 12; round++) {
      const id = await jobs.submit({ model: model.id })
      const output = (await jobs.ended(id)).result?.data[0]?.asset_id
      const body = { model: model.id, prompt: 'rain', async: true, image: { file_id: output } }
      const edits = () => post(user, '/v1/images/edits', body)
      const [first, removed, second] = await Promise.all([edits(), jobs.remove(id), edits()])
      expect(removed.status).toBe(200)
      for (const response of [first, second]) {
        if (response.status === 404) continue
        expect(response.status).toBe(202)
        const job = await jobs.ended(((await response.json()) as { id: string }).id)
        expect(job.status).toBe('PROCESSED')
        expect(await readAsset(user, job.inputs[0]?.asset_id)).toBeInstanceOf(Buffer)
      }
    }
  })

  it('is stored again when its bytes have been lost', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const picture = await newPicture()
    const image = { image_url: dataUrl(picture) }
    const { inputs } = await jobs.ended(await edit(user, model.id, { image }))
    const row = await gateway.database.db
      .selectFrom('assets')
      .select('storage_key')
      .where('id', '=', inputs[0]?.asset_id ?? '')
      .executeTakeFirstOrThrow()
    await gateway.gateway.context.store.remove([row.storage_key])
    const again = await jobs.ended(await edit(user, model.id, { image }))
    expect(await readAsset(user, again.inputs[0]?.asset_id)).toEqual(picture)
  })

  it('may be a mask, also when it was stored before its transparency was noted', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const mask = { image_url: dataUrl(await leftHalfTransparent(SIZE)) }
    const image = { image_url: dataUrl(await newPicture()) }
    const { inputs } = await jobs.ended(await edit(user, model.id, { image, mask }))
    await gateway.database.db.updateTable('assets').set({ has_alpha: null }).where('owner_id', '=', user.id).execute()
    const [opaque, transparent] = inputs.map(({ asset_id: id }) => ({ file_id: id }))
    const again = await jobs.ended(await edit(user, model.id, { image: opaque, mask: transparent }))
    expect(again.inputs.map(({ kind }) => kind)).toEqual(['input', 'mask'])
    const swapped = { model: model.id, prompt: 'rain', image: transparent, mask: opaque }
    expect((await post(user, '/v1/images/edits', swapped)).status).toBe(400)
  })
})
