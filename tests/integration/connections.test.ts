import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generate } from '../support/image-calls.ts'
import { readJobEvents } from '../support/job-events.ts'
import { connectRawAgent } from '../support/raw-agent.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  const { key } = await gateway.addUser()
  await gateway.addAgent({ key, services: [{ concurrency: 4, options: { step_time: '1s' } }] })
})

afterAll(() => gateway.close())

describe('a stream of events', () => {
  const follow = async () => {
    const user = await gateway.addUser()
    const { id } = (await generate(user.client, { steps: 100, async: true })) as unknown as { id: string }
    const events = readJobEvents(gateway, { id, key: user.key })
    expect((await events.next()).value).toMatchObject({ event: 'status' })
    const rest = Array.fromAsync(events)
    return { user, rest, cancel: () => user.client.post(`/jobs/${id}/cancel`) }
  }

  it('ends when its key is revoked', async () => {
    const { user, rest } = await follow()
    await gateway.gateway.context.apiKeys.revoke(user.keyId)
    for (const { event } of await rest) expect(['status', 'progress', 'preview']).toContain(event)
  })

  it('ends when its owner is shut out', async () => {
    const { user, rest } = await follow()
    await gateway.gateway.context.people.change({ userId: user.id, by: null, change: { disabled: true } })
    for (const { event } of await rest) expect(['status', 'progress', 'preview']).toContain(event)
  })

  it('goes on when it is the key of somebody else', async () => {
    const { rest, cancel } = await follow()
    const other = await gateway.addUser()
    await gateway.gateway.context.apiKeys.revoke(other.keyId)
    await cancel()
    expect((await rest).at(-1)).toMatchObject({ event: 'error' })
  })
})

describe('messages of an agent', () => {
  it('that come by the thousand wait their turn, and are all heard', async () => {
    const { key } = await gateway.addUser()
    const agent = await connectRawAgent({ url: gateway.url, key })
    await agent.hello({ name: 'talkative' })
    for (let sent = 0; sent < 3000; sent += 1) agent.send({ type: 'agent.heartbeat' })
    agent.socket.ping()
    expect((await gateway.call('/healthz')).status).toBe(200)
    await once(agent.socket, 'pong')
    await agent.close()
  })
})

describe('connections', () => {
  it('from one address are limited, and those of a trusted proxy are not', async () => {
    for (const [env, most] of [
      [{}, 3],
      [{ INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1' }, 5]
    ] as const) {
      const small = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_CONNECTIONS_PER_ADDRESS: '3', ...env } })
      const sockets: Socket[] = []
      for (let opened = 0; opened < 5; opened += 1) {
        const socket = connect(Number(new URL(small.url).port), '127.0.0.1')
        socket.on('error', () => undefined)
        socket.resume()
        await once(socket, 'connect')
        sockets.push(socket)
      }
      await waitFor(() => sockets.filter(({ closed }) => !closed).length === most)
      for (const socket of sockets) socket.destroy()
      // Their places are free again.
      await waitFor(() =>
        small.call('/healthz').then(
          ({ status }) => status === 200,
          () => false
        )
      )
      await small.close()
    }
  })
})
