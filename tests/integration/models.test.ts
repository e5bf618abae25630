import { NotFoundError, type OpenAI } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate } from '../support/image-calls.ts'
import { apiErrorOf, readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let owner: TestUser

/** Each test offers models of its own. */
const models = (...ids: string[]) => ids.map((id) => ({ id, servedAs: 'demo', features: ['generate' as const] }))

beforeAll(async () => {
  gateway = await startTestGateway()
  owner = await gateway.addUser()
})

afterAll(() => gateway.close())

const listedTo = async ({ client }: { client: OpenAI }): Promise<string[]> =>
  (await client.models.list()).data.map((model) => model.id)

describe('the list', () => {
  it('has the shape of OpenAI, with what an image model needs added', async () => {
    const before = Math.floor(Date.now() / 1000)
    await gateway.addAgent({
      key: owner.key,
      name: 'shape-rig',
      services: [
        { models: [{ id: 'shape-b', servedAs: 'demo', features: ['generate', 'edit', 'seed'] }] },
        { models: models('shape-a') }
      ]
    })
    const response = await gateway.call('/v1/models', { key: owner.key })
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
    const list = (await response.json()) as { object: string; data: { id: string; created: number }[] }
    expect(Object.keys(list).sort()).toEqual(['data', 'object'])
    expect(list.object).toBe('list')
    const [a, b] = list.data.filter(({ id }) => id.startsWith('shape-'))
    expect(a).toEqual({
      id: 'shape-a',
      object: 'model',
      created: a?.created,
      owned_by: 'shape-rig',
      service_type: 'image',
      input_modalities: ['text'],
      output_modalities: ['image'],
      supported_features: ['generate'],
      loras: [],
      sizes: ['auto', 'WIDTHxHEIGHT'],
      providers: 1,
      queued: 0
    })
    expect(b).toMatchObject({
      id: 'shape-b',
      input_modalities: ['text', 'image'],
      supported_features: ['generate', 'edit', 'seed']
    })
    expect(a?.created).toSatisfy(Number.isInteger)
    expect(a?.created).toBeGreaterThanOrEqual(before)
  })

  it('names a model once, however many offer it', async () => {
    const other = await gateway.addUser()
    await gateway.addAgent({ key: owner.key, name: 'twin-1', services: [{ models: models('twin') }] })
    await gateway.addAgent({
      key: other.key,
      name: 'twin-2',
      services: [
        { models: [{ id: 'twin', servedAs: 'demo', features: ['generate', 'variation'] }] },
        { models: models('twin') }
      ]
    })
    const { data } = await owner.client.models.list()
    expect(data.filter(({ id }) => id === 'twin')).toMatchObject([
      { providers: 2, supported_features: ['generate', 'variation'], input_modalities: ['text', 'image'] }
    ])
  })

  it('never holds services of another type', async () => {
    await gateway.addAgent({
      key: owner.key,
      name: 'mixed',
      services: [
        { name: 'chat', type: 'text', models: models('a-chat-model') },
        { name: 'painter', models: models('a-painter') }
      ]
    })
    const ids = await listedTo(owner)
    expect(ids).toContain('a-painter')
    expect(ids).not.toContain('a-chat-model')
    const error = await apiErrorOf(generate(owner.client, { model: 'a-chat-model' }))
    expect(error).toMatchObject({ status: 404, code: 'no_provider' })
    expect(await apiErrorOf(owner.client.models.retrieve('a-chat-model'))).toBeInstanceOf(NotFoundError)
  })

  it('counts the images that wait', async () => {
    const { client, key } = await gateway.addUser()
    await gateway.addAgent({
      key,
      services: [{ models: models('crowded'), options: { step_time: '10s' }, timeoutMs: 60_000 }]
    })
    const job = (await generate(client, { model: 'crowded', n: 4, async: true })) as unknown as { id: string }
    const queued = async () => ((await client.models.retrieve('crowded')) as unknown as { queued: number }).queued
    await waitFor(async () => (await queued()) === 3)
    await gateway.gateway.context.requests.cancel(job.id)
    expect(await queued()).toBe(0)
  })

  it('comes with and without a slash at the end', async () => {
    const [plain, slashed] = await Promise.all(
      ['/v1/models', '/v1/models/'].map(async (path) => (await gateway.call(path, { key: owner.key })).json())
    )
    expect(slashed).toEqual(plain)
  })
})

describe('one model', () => {
  it.each(['plain', 'org/model', 'org/sub/model.v1:q4', 'with blank', 'ümlaut', 'a+b', '100%'])(
    '%j is found',
    async (id) => {
      const { key, client } = await gateway.addUser()
      await gateway.addAgent({ key, services: [{ models: models(id) }] })
      const listed = (await client.models.list()).data.find((model) => model.id === id)
      expect(listed).toBeDefined()
      // The official client of today encodes slashes, older ones do not.
      const found = await client.models.retrieve(id)
      expect({ ...found }).toMatchObject({ ...listed })
      const unencoded = id.split('/').map(encodeURIComponent).join('/')
      for (const path of [
        `/v1/models/${unencoded}`,
        `/v1/models/${unencoded}/`,
        `/v1/models/${encodeURIComponent(id)}/`
      ]) {
        expect(await (await gateway.call(path, { key })).json()).toEqual(listed)
      }
    }
  )

  it.each(['nobody-has-it', 'org/nobody-has-it', 'plain/more'])('%s is not', async (id) => {
    const error = await apiErrorOf(owner.client.models.retrieve(id))
    expect(error).toMatchObject({ status: 404, code: 'not_found', param: null })
    const response = await gateway.call(`/v1/models/${id}`, { key: owner.key })
    expect(response.status).toBe(404)
    expect((await readError(response)).message).toContain(id)
  })
})

describe('who may use it', () => {
  it('is the owner alone when it is private', async () => {
    const stranger = await gateway.addUser()
    await gateway.addAgent({
      key: owner.key,
      name: 'secretive',
      services: [{ access: 'private', models: models('my-secret') }]
    })
    expect(await listedTo(owner)).toContain('my-secret')
    expect(await listedTo(stranger)).not.toContain('my-secret')
    expect(await apiErrorOf(stranger.client.models.retrieve('my-secret'))).toBeInstanceOf(NotFoundError)
    for (const fields of [{}, { async: true }]) {
      const error = await apiErrorOf(generate(stranger.client, { model: 'my-secret', ...fields }))
      expect(error).toMatchObject({ status: 404, code: 'no_provider' })
    }
    const error = await apiErrorOf(generate(stranger.client, { model: 'something-else' }))
    expect(error.message).not.toContain('my-secret')
    expect((await generate(owner.client, { model: 'my-secret' })).data).toHaveLength(1)
  })

  it('is the owner and the listed people, however they spell their address', async () => {
    const [friend, stranger] = [await gateway.addUser(), await gateway.addUser()]
    const pretender = await gateway.addPerson({ emailVerified: false })
    const asPretender = await gateway.addKey(pretender)
    await gateway.addAgent({
      key: owner.key,
      name: 'among-friends',
      services: [{ access: [friend.email.toUpperCase(), pretender.email], models: models('for-friends') }]
    })
    expect(await listedTo(owner)).toContain('for-friends')
    expect(await listedTo(friend)).toContain('for-friends')
    expect(await listedTo(stranger)).not.toContain('for-friends')
    expect((await generate(friend.client, { model: 'for-friends' })).data).toHaveLength(1)
    expect((await generate(owner.client, { model: 'for-friends' })).data).toHaveLength(1)
    // Whoever chose an address by themselves may have chosen somebody else's.
    expect(await listedTo(asPretender)).not.toContain('for-friends')
    for (const { client } of [stranger, asPretender]) {
      const error = await apiErrorOf(generate(client, { model: 'for-friends' }))
      expect(error).toMatchObject({ status: 404, code: 'no_provider' })
    }
  })
})

describe('an agent that goes away', () => {
  it('takes its models along, and brings them back', async () => {
    const { key, client } = await gateway.addUser()
    const connect = () => gateway.addAgent({ key, name: 'fickle', services: [{ models: models('here-and-gone') }] })
    const agent = await connect()
    const { created } = await client.models.retrieve('here-and-gone')
    await agent.stop()
    await waitFor(async () => !(await listedTo({ client })).includes('here-and-gone'))
    expect(await apiErrorOf(client.models.retrieve('here-and-gone'))).toBeInstanceOf(NotFoundError)
    const error = await apiErrorOf(generate(client, { model: 'here-and-gone' }))
    expect(error).toMatchObject({ status: 404, code: 'no_provider' })
    await connect()
    expect(await client.models.retrieve('here-and-gone')).toMatchObject({ created })
  })
})
