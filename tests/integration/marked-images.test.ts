import { createHash } from 'node:crypto'
import exifr from 'exifr'
import { toFile } from 'openai'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { COMPOSITE, TRAINED } from '../../src/images/metadata/source-type.ts'
import { assetsOf, ended, picture, submit, unique } from '../support/agent-work.ts'
import { fetchImage, type JobAnswer } from '../support/image-calls.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let user: TestUser

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_MARK_IMAGES: 'xmp' } })
  user = await gateway.addUser()
})
afterAll(() => gateway.close())

/** What becomes of an image of this request that is delivered as `body`. */
async function deliver(ask: (model: string) => Promise<string>, body: Buffer) {
  const model = unique('model')
  const agent = await connectRawAgent({ url: gateway.url, key: user.key })
  const features = ['generate' as const, 'edit' as const, 'variation' as const]
  await agent.hello({ name: unique('rig'), services: [{ models: [{ id: model, features }] }] })
  const id = await ask(model)
  const { attempt_id: attemptId, token } = await agent.received('attempt.assigned')
  expect((await agent.put(attemptId, { token, body })).status).toBe(200)
  await agent.close()
  const job = await ended(user, id)
  const url = job.result!.data[0]!.url!
  return { id, job, url, bytes: (await fetchImage(url)).bytes }
}

const sourceTypeOf = async (image: Buffer) =>
  ((await exifr.parse(image, { xmp: true })) as { DigitalSourceType?: string } | undefined)?.DigitalSourceType

it.each(['png', 'jpeg'] as const)('every %s that is made says so, and is the one that is counted', async (format) => {
  const before = (await storedFiles(gateway.dataDir)).length
  const body = await picture(format)
  const { id, job, url, bytes } = await deliver((model) => submit(user, model), body)
  expect(await sourceTypeOf(bytes)).toBe(TRAINED)
  expect((await sharp(bytes).raw().toBuffer()).equals(await sharp(body).raw().toBuffer())).toBe(true)
  const [asset] = await assetsOf(gateway, id)
  expect(asset).toMatchObject({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
  expect(job.result!.warnings).toBeUndefined()
  expect(await storedFiles(gateway.dataDir)).toHaveLength(before + 1)
  const thumbnail = (await fetchImage(`${url}?format=jpeg`)).bytes
  if (format === 'png') expect(await sourceTypeOf(thumbnail)).toBe(TRAINED)
})

it.each(['edits', 'variations'] as const)('images of /%s say that they were made of another', async (kind) => {
  const image = await toFile(await picture(), 'a.png', { type: 'image/png' })
  const { bytes } = await deliver(
    async (model) => {
      const asked = { model, image, async: true, ...(kind === 'edits' && { prompt: 'a hat' }) }
      const job: unknown = await (kind === 'edits'
        ? user.client.images.edit(asked as never)
        : user.client.images.createVariation(asked as never))
      return (job as JobAnswer).id
    },
    await picture()
  )
  expect(await sourceTypeOf(bytes)).toBe(COMPOSITE)
})

it('an image that says it already is stored as it came, and nothing is marked that nobody chose', async () => {
  const first = await deliver((model) => submit(user, model), await picture())
  const again = await deliver((model) => submit(user, model), first.bytes)
  expect(again.bytes.equals(first.bytes)).toBe(true)
})
