import type OpenAI from 'openai'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeBehaviour } from '../support/fake-openai-behaviours.ts'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { generate } from '../support/image-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { plainPng } from '../support/pictures.ts'
import { requestPages } from '../support/request-pages.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

const USAGE = {
  total_tokens: 1071,
  input_tokens: 15,
  output_tokens: 1056,
  input_tokens_details: { text_tokens: 15, image_tokens: 0 }
}
const OUTPUT = { output_tokens_details: { text_tokens: 0, image_tokens: 1056 } }
const MEMBERS = ['quality', 'background', 'usage']

let gateway: TestGateway
let fakes: FakeModels
let b64_json: string
const lines: string[] = []

beforeAll(async () => {
  gateway = await startTestGateway({
    logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  })
  fakes = await startFakeModels(gateway)
  b64_json = (await plainPng({ width: 32, height: 32 }, [10, 200, 30])).toString('base64')
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

/** An image server's answer. */
const says = (said: Record<string, unknown>, ofImage: Record<string, unknown> = {}): FakeBehaviour => ({
  name: 'custom',
  body: { created: 1, ...said, data: [{ b64_json, ...ofImage }] }
})

/** Somebody new, whose image server gives these answers one after the other. */
async function served(...answers: FakeBehaviour[]) {
  const { user, model, jobs } = await fakes.newcomer()
  model.answers(...answers)
  const ask = (fields: Record<string, unknown> = {}) =>
    generate(user.client, { model: model.id, prompt: 'a fox', size: '32x32', ...fields })
  return { user, model, jobs, ask }
}

const membersOf = (answer: object) => MEMBERS.filter((name) => name in answer)

describe('what the image server says of an image', () => {
  it('is in the answer as the official client types it, and in the job', async () => {
    const said = { quality: 'high', background: 'opaque', usage: { ...USAGE, ...OUTPUT } }
    const { user, model, jobs } = await served(says(said, { revised_prompt: 'A red fox in the snow.' }))
    const answer: OpenAI.ImagesResponse = await user.client.images.generate({ model: model.id, prompt: 'a fox' })
    expect(answer).toMatchObject(said)
    expect(answer.usage?.output_tokens_details?.image_tokens).toBe(1056)
    expect(answer.data?.[0]?.revised_prompt).toBe('A red fox in the snow.')

    const { result } = await jobs.get((answer as unknown as { request_id: string }).request_id)
    const { _request_id, ...same } = answer as unknown as Record<string, unknown>
    expect(result).toEqual(same)
  })

  it('is nothing when it says nothing', async () => {
    const { ask } = await served('ok', says({ quality: 'auto', background: 'auto', usage: null }))
    for (const answer of [await ask(), await ask()]) {
      expect(membersOf(answer)).toEqual([])
      expect(answer.data[0]).not.toHaveProperty('revised_prompt')
    }
  })

  it('is of edits, too, and of images in base64', async () => {
    const said = { quality: 'low', usage: USAGE }
    const { user, model } = await served(says(said, { revised_prompt: 'Blue.' }))
    const image = new File([new Uint8Array(Buffer.from(b64_json, 'base64'))], 'a.png', { type: 'image/png' })
    const fields = { model: model.id, prompt: 'blue', response_format: 'b64_json' } as const
    const answer = await user.client.images.edit({ ...fields, image })
    expect(answer).toMatchObject({ ...said, data: [{ b64_json, revised_prompt: 'Blue.' }] })
  })

  it('is not transparency that the image has lost on its way', async () => {
    const { ask } = await served(says({ background: 'transparent', quality: 'high' }))
    expect(membersOf(await ask({ output_format: 'jpeg' }))).toEqual(['quality'])
  })
})

describe('of several images', () => {
  it('each has its own revised prompt, and usage is summed', async () => {
    const said = { quality: 'high', background: 'opaque', usage: { ...USAGE, ...OUTPUT } }
    const { user, ask } = await served(says(said, { revised_prompt: 'one' }), says(said, { revised_prompt: 'two' }))
    const answer = await ask({ n: 2 })
    expect(answer.data.map((image) => image.revised_prompt)).toEqual(['one', 'two'])
    expect(answer).toMatchObject({ quality: 'high', background: 'opaque' })
    expect(answer.usage).toEqual({
      total_tokens: 2142,
      input_tokens: 30,
      output_tokens: 2112,
      input_tokens_details: { text_tokens: 30, image_tokens: 0 },
      output_tokens_details: { text_tokens: 0, image_tokens: 2112 }
    })
    const metered = await gateway.database.db
      .selectFrom('usage_images')
      .selectAll()
      .where('user_id', '=', user.id)
      .execute()
    expect(metered).toHaveLength(2)
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
    [
      'quality',
      { quality: 'high', background: 'opaque', usage: USAGE },
      { quality: 'low', background: 'opaque', usage: USAGE },
      ['background', 'usage']
    ],
    ['background', { background: 'opaque' }, { background: 'transparent' }, []],
    ['usage', { usage: USAGE, quality: 'high' }, { quality: 'high' }, ['quality']],
    ['anything', { usage: USAGE, quality: 'high', background: 'opaque' }, {}, []],
    ['whole usage', { usage: USAGE }, { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }, []]
  ])('that do not share %s, there is none for all', async (_what, one, two, there) => {
    const { ask } = await served(says(one), says(two))
    expect(membersOf(await ask({ n: 2 }))).toEqual(there)
  })

  it('those that are there count, and not the one that failed', async () => {
    const { ask } = await served(says({ usage: USAGE, quality: 'high' }), 'moderation_blocked')
    const answer = await ask({ n: 2 })
    expect(answer.data).toHaveLength(1)
    expect(answer).toMatchObject({ usage: USAGE, quality: 'high' })
  })
})

describe('the attempt that is delivered', () => {
  it('has nothing of the one before it', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const services = [{ models: [{ id: 'by-two', features: ['generate' as const] }] }]
    const first = await startHandWorker(gateway, { key: user.key, services })
    const id = await jobs.submit({ model: 'by-two' })
    const { attempt_id, token } = await first.next()
    const second = await startHandWorker(gateway, { key: user.key, services })
    const report = { revised_prompt: 'of the first', quality: 'high', usage: USAGE }
    const refused = await first.agent.put(attempt_id, { token, body: Buffer.from('no picture'), result: { report } })
    expect(refused.status).toBe(400)
    await second.finish(await second.next(), { result: { report: { background: 'opaque' } } })
    const { result } = await jobs.ended(id)
    expect(membersOf(result!)).toEqual(['background'])
    expect(result!.data[0]).not.toHaveProperty('revised_prompt')
    await Promise.all([first.close(), second.close()])
  })

  it('says what it said first, whatever is delivered again', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const models = [{ id: 'by-hand', features: ['generate' as const] }]
    const worker = await startHandWorker(gateway, { key: user.key, services: [{ models }] })
    const id = await jobs.submit({ model: 'by-hand' })
    const attempt = await worker.next()
    await worker.finish(attempt, { result: { report: { revised_prompt: 'first', quality: 'high' } } })
    await worker.finish(attempt, { result: { report: { revised_prompt: 'second', usage: USAGE } } })
    const { result } = await jobs.ended(id)
    expect(result).toMatchObject({ quality: 'high', data: [{ revised_prompt: 'first' }] })
    expect(result).not.toHaveProperty('usage')
    await worker.close()
  })

  it('is answered to a repeated call byte by byte', async () => {
    const { user, model } = await served(says({ usage: USAGE, quality: 'high' }, { revised_prompt: 'A fox 🦊.' }))
    const call = async () => {
      const json = { model: model.id, prompt: 'a fox', size: '32x32' }
      const headers = { 'idempotency-key': 'the same' }
      return (await gateway.call('/v1/images/generations', { key: user.key, json, headers })).text()
    }
    const first = await call()
    expect(first).toContain('A fox 🦊.')
    expect(await call()).toBe(first)
    expect(model.received()).toHaveLength(1)
  })
})

describe('a revised prompt', () => {
  it('is shown on the page of its request, to those who may see the prompt, and goes with the request', async () => {
    const { user, jobs, ask } = await served(says({}, { revised_prompt: 'A secret fox.' }))
    const { request_id: id } = await ask()
    const mine = requestPages(gateway, { cookie: await gateway.signIn(user) })
    const admins = requestPages(gateway, await gateway.addPerson({ role: 'admin' }))
    const others = requestPages(gateway, await gateway.addPerson())
    for (const pages of [mine, admins]) {
      expect((await pages.detail(id)).revisedPrompts).toEqual([{ image: 0, prompt: 'A secret fox.' }])
    }
    expect((await others.call(`/requests/${id}`)).status).toBe(404)
    expect(JSON.stringify(await mine.list())).not.toContain('A secret fox.')

    expect((await jobs.remove(id)).status).toBe(200)
    const kept = await gateway.database.db.selectFrom('tasks').select('report').where('request_id', '=', id).execute()
    expect(kept).toEqual([])
  })

  it('is in no log', async () => {
    const { ask } = await served('error_400', says({}, { revised_prompt: 'A fox of the logs.' }))
    await expect(ask()).rejects.toThrow()
    await ask()
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.join('')).not.toContain('A fox of the logs.')
  })
})
