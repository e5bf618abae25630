import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLOSE_CODES, MAX_MESSAGE_BYTES, PROTOCOL_VERSION } from '../../src/protocol/messages.ts'
import { connectRawAgent, type RawAgent, refusalOfUpgrade } from '../support/raw-agent.ts'
import { generate, SMALL } from '../support/image-calls.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { plainPng } from '../support/pictures.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let owner: TestUser
let names = 0

beforeAll(async () => {
  gateway = await startTestGateway()
  owner = await gateway.addUser()
  await gateway.addAgent({ key: owner.key, name: 'well-behaved', services: [{}] })
})

afterAll(() => gateway.close())

const connect = (): Promise<RawAgent> => connectRawAgent({ url: gateway.url, key: owner.key })
const newName = () => `raw ${++names}`

const provider = (name: string) =>
  gateway.database.db.selectFrom('providers').selectAll().where('name', '=', name).executeTakeFirst()

/** The gateway is none the worse for it: it serves, and the other agent works. */
async function expectUnhurt(): Promise<void> {
  expect((await gateway.call('/healthz')).status).toBe(200)
  expect((await generate(owner.client, SMALL)).data).toHaveLength(1)
}

describe('the door', () => {
  it.each([
    ['no key', () => undefined],
    ['an unknown key', () => 'ic_0123456789012345678901234567890123456789'],
    ['something else', () => 'sk-123']
  ])('is closed to %s', async (_what, key) => {
    expect(await refusalOfUpgrade({ url: gateway.url, ...(key() && { key: key()! }) })).toBe(401)
  })

  it('is closed to a key that was revoked or has expired', async () => {
    const revoked = await gateway.addUser()
    await gateway.gateway.context.apiKeys.revoke(revoked.keyId)
    expect(await refusalOfUpgrade({ url: gateway.url, key: revoked.key })).toBe(401)
    const expired = await gateway.addUser({ expiresAt: Date.now() - 1 })
    expect(await refusalOfUpgrade({ url: gateway.url, key: expired.key })).toBe(401)
  })

  it('is closed to a key that may not run agents', async () => {
    const { key } = await gateway.addUser({ scopes: ['generate'] })
    expect(await refusalOfUpgrade({ url: gateway.url, key })).toBe(403)
  })

  it('is the only place where sockets are taken', async () => {
    const at = (path: string) => refusalOfUpgrade({ url: gateway.url, key: owner.key, path })
    expect(await at('/v1/nothing')).toBe(404)
    expect(await at('/v1/images/generations')).toBe(405)
    expect(await at('/api/agent/connect/')).toBeUndefined()
  })

  it.each([
    ['a wrong key', () => 'ic_0123456789012345678901234567890123456789', 'refused the API key'],
    ['a key that may not', async () => (await gateway.addUser({ scopes: ['generate'] })).key, 'may not run an agent']
  ])('makes an agent with %s give up', async (_what, key, reason) => {
    await expect(gateway.addAgent({ key: await key(), services: [{}] })).rejects.toThrow(reason)
  })
})

describe('a socket that does not keep to the protocol is closed:', () => {
  const hello = (name: string) => ({
    type: 'agent.hello',
    protocol: PROTOCOL_VERSION,
    name,
    agent_version: '1',
    services: [],
    attempts: []
  })

  it.each([
    ['text that is no JSON', 'hello?'],
    ['nothing', ''],
    ['JSON that is no message', '[1, 2, 3]'],
    ['a message of no known type', '{"type":"agent.dance"}'],
    ['a hello with mistakes', JSON.stringify({ ...hello('x'), services: [{ name: 'x' }] })],
    ['another first message', '{"type":"agent.heartbeat"}'],
    ['another protocol', JSON.stringify({ ...hello('x'), protocol: PROTOCOL_VERSION + 1 })],
    ['binary frames', Buffer.from(JSON.stringify(hello('x')))],
    ['garbage bytes', Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 97) % 256))]
  ])('%s', async (_what, frame) => {
    const agent = await connect()
    agent.socket.send(frame)
    expect(await agent.closed).toBe(CLOSE_CODES.protocol)
    expect(agent.messages).toEqual([])
    await expectUnhurt()
  })

  it.each([
    ['a second hello', (name: string) => JSON.stringify(hello(name))],
    ['garbage after the hello', () => '}{'],
    ['binary frames after the hello', () => Buffer.from('{"type":"agent.heartbeat"}')]
  ])('%s', async (_what, frame) => {
    const name = newName()
    const agent = await connect()
    await agent.hello({ name })
    agent.socket.send(frame(name))
    expect(await agent.closed).toBe(CLOSE_CODES.protocol)
    await waitFor(async () => ((await provider(name))?.online_until ?? Infinity) <= Date.now())
    await expectUnhurt()
  })

  it('frames that are too large', async () => {
    const agent = await connect()
    await agent.hello({ name: newName() })
    agent.socket.send(`{"type":"${'x'.repeat(MAX_MESSAGE_BYTES)}"}`)
    expect(await agent.closed).toBe(1009)
    await expectUnhurt()
  })

  const service = { name: 's', type: 'image', concurrency: 1, timeout_ms: 1000, access: 'members', models: [] }

  it.each([
    ['a timeout no number holds', { timeout_ms: 9007199254740994 }, 'services.0.timeout_ms must be <= 86400000'],
    ['a cap no number holds', { images_per_hour: 2 ** 60 }, 'services.0.images_per_hour must be <= 1000000'],
    [
      'a name that deceives',
      { name: 'pain\u202eter' },
      'services.0.name must not have control or invisible characters'
    ],
    [
      'a list without end',
      { models: Array(501).fill({ id: 'm', features: [] }) },
      'services.0.models must not have more'
    ]
  ])('a hello with %s, and its agent is told which member it was', async (_what, change, reason) => {
    const name = newName()
    const agent = await connect()
    const told = once(agent.socket, 'close')
    agent.socket.send(JSON.stringify({ ...hello(name), services: [{ ...service, ...change }] }))
    const [code, text] = await told
    expect(code).toBe(CLOSE_CODES.protocol)
    expect(String(text)).toContain(reason)
    expect(await provider(name)).toBeUndefined()
    await expectUnhurt()
  })

  it('a hello behind garbage does not count', async () => {
    const name = newName()
    const agent = await connect()
    agent.socket.send('garbage')
    agent.socket.send(JSON.stringify(hello(name)))
    expect(await agent.closed).toBe(CLOSE_CODES.protocol)
    await expectUnhurt()
    expect(await provider(name)).toBeUndefined()
  })
})

describe('what an agent says of attempts that are not its own', () => {
  it('is of no consequence', async () => {
    const agent = await connect()
    await agent.hello({ name: newName() })
    const attempt_id = 'att_0000000000000000000000000'
    agent.send({ type: 'attempt.progress', attempt_id, step: 1, steps: 2 })
    agent.send({ type: 'attempt.preview', attempt_id, media_type: 'image/png', b64_json: 'AAAA' })
    agent.send({ type: 'attempt.failed', attempt_id, token: 'x', fault: 'crashed', message: 'no' })
    agent.send({ type: 'attempt.stopped', attempt_id })
    agent.send({ type: 'agent.heartbeat' })
    await expectUnhurt()
    expect(agent.socket.readyState).toBe(agent.socket.OPEN)
    await agent.close()
  })

  it('of its own with a wrong token neither', async () => {
    const model = `model of ${newName()}`
    const agent = await connect()
    await agent.hello({ name: newName(), services: [{ models: [{ id: model, features: ['generate'] }] }] })
    const call = generate(owner.client, { ...SMALL, model })
    const { attempt_id, token } = await agent.received('attempt.assigned')
    agent.send({ type: 'attempt.failed', attempt_id, token: `${token}x`, fault: 'bad_request', message: 'no' })
    agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'bad_request', message: 'The true reason.' })
    await expect(call).rejects.toThrow('The true reason.')
    await agent.close()
  })
})

describe('a result that says more than is possible', () => {
  it.each([
    ['a time no number holds', { generating_ms: 9007199254740994 }],
    ['a seed no number holds', { seed: 9007199254740994 }]
  ])('%s is refused, and nobody else notices', async (_what, lie) => {
    const model = `model of ${newName()}`
    const agent = await connect()
    await agent.hello({ name: newName(), services: [{ models: [{ id: model, features: ['generate'] }] }] })
    const caller = await gateway.addUser()
    const call = generate(caller.client, { ...SMALL, model })
    const { attempt_id, token } = await agent.received('attempt.assigned')
    const result = Buffer.from(JSON.stringify({ seed: 1, warnings: [], generating_ms: 1, ...lie })).toString(
      'base64url'
    )
    expect(
      (await agent.put(attempt_id, { token, body: await plainPng({ width: 64, height: 64 }, [1, 2, 3]), result }))
        .status
    ).toBe(400)
    await expectUnhurt()
    expect(
      (await agent.put(attempt_id, { token, body: await plainPng({ width: 64, height: 64 }, [1, 2, 3]) })).status
    ).toBe(200)
    expect((await call).data).toHaveLength(1)
    expect((await gateway.call('/v1/jobs', { key: caller.key })).status).toBe(200)
    await agent.close()
  })
})

it('a gateway that stops does not wait for agents that do not answer', async () => {
  const own = await startTestGateway()
  const { key } = await own.addUser()
  const agent = await connectRawAgent({ url: own.url, key })
  await agent.hello({ name: 'deaf' })
  agent.socket.pause()
  const began = performance.now()
  await own.close()
  // The library alone would wait 30 s for the answer to its goodbye.
  expect(performance.now() - began).toBeLessThan(10_000)
  await agent.close()
})
