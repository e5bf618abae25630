import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentServiceConfig } from '../../src/config/agent-config.ts'
import type { Feature } from '../../src/images/image-request.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { fetchImage, getJob, type ImagesAnswer } from '../support/image-calls.ts'
import { type Colour, decode, leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { apiErrorOf } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const SIZE = { width: 32, height: 32 }
const GREEN: Colour = [10, 200, 30]

let gateway: TestGateway
let native: FakeOpenAIServer
let withoutVariations: FakeOpenAIServer
let flaky: FakeOpenAIServer
let user: TestUser
let source: Buffer
let mask: Buffer
let hole: Buffer
/** The caller wants the image's transparency to be its mask. */
const ALPHA_MASK = { inference_club_alpha_mask: 'true' }

const model = (id: string, features: Feature[]) => ({ id, servedAs: id, features })
const proxied = (name: string, server: FakeOpenAIServer, models: AgentServiceConfig['models']) => ({
  name,
  engine: 'openai',
  url: server.url,
  models
})

beforeAll(async () => {
  ;[native, withoutVariations, flaky] = await Promise.all([
    startFakeOpenAIServer(),
    startFakeOpenAIServer({ routes: ['generations', 'edits'] }),
    startFakeOpenAIServer()
  ])
  gateway = await startTestGateway()
  user = await gateway.addUser()
  await gateway.addAgent({
    key: user.key,
    name: 'rig',
    services: [
      { name: 'text only', models: [model('painter', ['generate']), model('shared', ['generate'])] },
      {
        name: 'editor',
        models: [
          model('plain-editor', ['generate', 'edit']),
          model('shared', ['edit']),
          model('masker', ['edit', 'mask']),
          model('mixer', ['edit', 'multi_image']),
          model('all-rounder', ['edit', 'mask', 'multi_image'])
        ]
      },
      { name: 'mask editor', models: [model('shared', ['edit', 'mask'])] },
      proxied('native', native, [model('native', ['variation']), model('rerouted', ['edit'])]),
      proxied('without', withoutVariations, [model('without', ['variation'])]),
      proxied('one', flaky, [model('flaky', ['edit', 'mask']), model('doomed', ['edit'])]),
      proxied('other', flaky, [model('flaky', ['edit', 'mask'])])
    ]
  })
  source = await plainPng(SIZE, GREEN)
  mask = await leftHalfTransparent(SIZE)
  hole = await leftHalfTransparent(SIZE, GREEN)
})

afterAll(async () => {
  await gateway.close()
  await Promise.all([native.close(), withoutVariations.close(), flaky.close()])
})

const file = (bytes: Buffer) => new File([new Uint8Array(bytes)], 'photo.png', { type: 'image/png' })
const edit = async (client: OpenAI, fields: Record<string, unknown>): Promise<ImagesAnswer> =>
  (await client.images.edit({ prompt: 'rain', image: file(source), steps: 2, ...fields } as never)) as never
const vary = async (client: OpenAI, fields: Record<string, unknown>): Promise<ImagesAnswer> =>
  (await client.images.createVariation({ image: file(source), ...fields } as never)) as never
const servicesOf = async ({ request_id: id }: ImagesAnswer) =>
  (await getJob(user.client, id)).attempts.map(({ service }) => service)

describe('an edit', () => {
  it('goes only to services that declare it', async () => {
    for (let round = 0; round < 4; round++) {
      const [service] = await servicesOf(await edit(user.client, { model: 'shared' }))
      expect(['editor', 'mask editor']).toContain(service)
    }
  })

  it('with a mask goes only to services that declare masks', async () => {
    for (const fields of [{ mask: file(mask) }, { image: file(hole), ...ALPHA_MASK }]) {
      for (let round = 0; round < 3; round++) {
        expect(await servicesOf(await edit(user.client, { model: 'shared', ...fields }))).toEqual(['mask editor'])
      }
    }
  })

  it('of an image with transparent areas needs no masks', async () => {
    expect(await servicesOf(await edit(user.client, { model: 'plain-editor', image: file(hole) }))).toEqual(['editor'])
  })

  it.each([
    ['of a model that only makes images', 'painter', {}, 'edit'],
    ['with a mask', 'plain-editor', () => ({ mask: file(mask) }), 'edit, mask'],
    ['of an image that masks itself', 'mixer', () => ({ image: file(hole), ...ALPHA_MASK }), 'edit, mask'],
    ['of two images', 'masker', () => ({ image: [file(source), file(source)] }), 'edit, multi_image'],
    [
      'of two images with a mask',
      'mixer',
      () => ({ image: [file(source), file(source)], mask: file(mask) }),
      'edit, mask, multi_image'
    ]
  ])('%s is refused when the model cannot do it, and models that can are named', async (_what, id, fields, needs) => {
    const sent = typeof fields === 'function' ? fields() : fields
    for (const async of ['false', 'true']) {
      const error = await apiErrorOf(edit(user.client, { model: id, ...sent, async }))
      expect(error).toMatchObject({ status: 404, code: 'no_provider', param: 'model' })
      expect(error.message).toContain(`'${id}' with ${needs} `)
      expect(error.message).toContain("'all-rounder'")
      const named = error.message.split('Available')[1]
      expect(named).not.toContain(`'${id}'`)
      expect(named).not.toContain("'painter'")
    }
  })

  it('of a model nobody has is refused, and models that edit are named', async () => {
    const error = await apiErrorOf(edit(user.client, { model: 'nonsuch' }))
    expect(error).toMatchObject({ status: 404, code: 'no_provider', param: 'model' })
    expect(error.message).toContain("'plain-editor'")
    expect(error.message).not.toContain("'painter'")
  })

  it('that is refused leaves nothing stored', async () => {
    const before = await gateway.database.db.selectFrom('assets').select('id').execute()
    await apiErrorOf(edit(user.client, { model: 'painter', mask: file(mask) }))
    expect(await gateway.database.db.selectFrom('assets').select('id').execute()).toHaveLength(before.length)
  })

  it('that fails is repeated elsewhere with the same image and mask', async () => {
    flaky.setBehaviour({ queue: ['error_500'] })
    const answer = await edit(user.client, { model: 'flaky', mask: file(mask) })
    expect(new Set(await servicesOf(answer)).size).toBe(2)
    const picture = await decode((await fetchImage(answer.data[0]!.url)).bytes)
    expect(picture.share(GREEN, { from: 16 })).toBe(1)
    expect(picture.share(GREEN, { to: 16 })).toBe(0)
    expect(flaky.requests).toHaveLength(2)
    const [first, second] = flaky.requests.map(({ form }) => form!.files)
    expect(first!.map(({ field }) => field)).toEqual(['image', 'mask'])
    expect(first![0]!.bytes).toEqual(source)
    expect(second).toEqual(first)
  })

  it('that fails everywhere is answered 502', async () => {
    flaky.setBehaviour({ default: 'error_500' })
    expect(await apiErrorOf(edit(user.client, { model: 'doomed' }))).toMatchObject({
      status: 502,
      code: 'upstream_error'
    })
  })
})

describe('a variation', () => {
  it('is native where the image server has them', async () => {
    const before = native.requests.length
    const answer = await vary(user.client, { model: 'native', n: 2, size: '16x16' })
    expect(answer).not.toHaveProperty('warnings')
    expect(answer.data).toHaveLength(2)
    expect(answer.size).toBe('16x16')
    const calls = native.requests.slice(before)
    expect(calls.map(({ path }) => path)).toEqual(['/v1/images/variations', '/v1/images/variations'])
    expect(calls[0]!.form!.files.map(({ field, bytes }) => [field, bytes])).toEqual([['image', source]])
    expect(await getJob(user.client, answer.request_id)).toMatchObject({ kind: 'variation', prompt: '' })
  })

  it('is native to the demo painter, of a transparent image too', async () => {
    await gateway.addAgent({ key: user.key, name: 'painter', services: [{}] })
    const answer = await vary(user.client, { model: 'demo', image: file(hole) })
    expect(answer).not.toHaveProperty('warnings')
    expect(answer.size).toBe('32x32')
  })

  it('is an edit where the service only edits, and a warning says so', async () => {
    const before = native.requests.length
    const answer = await vary(user.client, { model: 'rerouted' })
    expect(answer.warnings).toEqual([expect.stringContaining('image-to-image')])
    expect(native.requests.slice(before).map(({ path }) => path)).toEqual(['/v1/images/edits'])
  })

  it('is an edit where the image server turns out to have none, and a warning says so', async () => {
    const answer = await vary(user.client, { model: 'without' })
    expect(answer.warnings).toEqual([expect.stringContaining('no variations')])
  })

  it('of a model that can neither is refused, and models that can are named', async () => {
    const error = await apiErrorOf(vary(user.client, { model: 'painter' }))
    expect(error).toMatchObject({ status: 404, code: 'no_provider', param: 'model' })
    expect(error.message).toMatch(/'painter' with variation /)
    expect(error.message).toMatch(/Available.*'native'/)
  })

  it('takes one image and no mask', async () => {
    const form = new FormData()
    for (const [name, value] of [
      ['model', 'native'],
      ['image', file(source)],
      ['image', file(source)]
    ] as const) {
      form.append(name, value)
    }
    const two = await gateway.call('/v1/images/variations', { method: 'POST', body: form, key: user.key })
    expect([two.status, ((await two.json()) as { error: unknown }).error]).toMatchObject([
      400,
      { code: 'too_many_images', param: 'image' }
    ])
    expect(await apiErrorOf(vary(user.client, { model: 'native', mask: file(mask) }))).toMatchObject({
      status: 400,
      code: 'invalid_request',
      param: 'mask'
    })
    expect(await apiErrorOf(vary(user.client, { model: 'native', image: [] }))).toMatchObject({
      status: 400,
      code: 'missing_file',
      param: 'image'
    })
  })
})
